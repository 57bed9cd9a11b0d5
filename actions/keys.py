"""Keys of `texts/<lang>.yml` that Rasa's replies name, with the parameters each takes (nothing = none)."""

from __future__ import annotations

from typing import Final

CLARIFY: Final = "clarify.intro"
CLARIFY_NONE: Final = "clarify.none"
TWO_ANSWERS: Final = "two_answers.intro"
SEVERAL_ANSWERS: Final = "several_answers.intro"
OUT_OF_SCOPE: Final = "out_of_scope"
ELSEWHERE: Final = "elsewhere."  # with the id of a group of knowledge/elsewhere/ after it
DONT_KNOW: Final = "dont_know"
DONT_KNOW_AGAIN: Final = "dont_know.again"
KNOWLEDGE_DOWN: Final = "error.knowledge_down"
OFFER_HUMAN: Final = "offer_human.question"
OFFER_HUMAN_YES: Final = "offer_human.yes"
OFFER_HUMAN_NO: Final = "offer_human.no"
NO_DESK: Final = "handover.unavailable"
HUMAN_DECLINED: Final = "handover.declined"
POLITICAL: Final = "political"
NO_ASSESSMENT: Final = "rights.no_assessment"
APPEAL: Final = "appeal.notice"  # date: YYYY-MM-DD
APPLICATION: Final = "application.notice"  # date: YYYY-MM-DD
ABUSE: Final = "abuse"
ABUSE_AGAIN: Final = "abuse.again"
ENDED: Final = "conversation.ended"
CAPABILITIES: Final = "capabilities"
LANGUAGES: Final = "languages"  # languages: their own names, comma between
LANGUAGE_CHOOSE: Final = "language.choose"
LANGUAGE_CHANGED: Final = "language.changed"  # language: the code; `app` answers in it from now on
FEEDBACK_UP: Final = "feedback.thanks_up"
FEEDBACK_DOWN: Final = "feedback.thanks_down"
REPEAT_AGENT: Final = "repeat.agent"
REPEAT_NOTHING: Final = "repeat.nothing"
SMALLTALK: Final = "smalltalk"

// The summary, the suggested articles, and consent between boards, in the console's languages.

export const CONTEXT = {
  sv: {
    "summary.title": "I korthet", "summary.about": "Vad gäller det?", "summary.said": "Vad har boten sagt?", "summary.unclear": "Vad är oklart?",
    "summary.about_none": "Ingen fråga ännu.", "summary.said_none": "Inget svar ur kunskapsbasen.", "summary.unclear_none": "Inget oklart.",
    "summary.pending": "Medborgaren har inte sagt ja till att din förvaltning får läsa samtalet. Du kan ta över ändå.",
    "unclear.not_understood": "boten förstod inte", "unclear.asked_back": "boten frågade tillbaka", "unclear.not_helped": "svaret hjälpte inte", "unclear.not_answered": "inte besvarat",
    "action.pull": "Ta tillbaka", "pull.title": "Ta tillbaka från boten", "pull.lead": "Samtalet blir ditt igen och medborgaren får veta att det är en människa. Det som skrevs till boten under tiden visas inte.", "pull.submit": "Ta tillbaka", "reason.pulled_in": "Taget tillbaka från boten",
    "suggested.title": "Förslag på svar", "suggested.read": "Läs", "suggested.shown": "visat av boten", "suggested.claim": "Ta över samtalet för att infoga ett svar.",
    "consent.pending": "Har inte svarat än", "conversation.pending": "Medborgaren har inte sagt ja till att det som skrevs tidigare får läsas här.",
    "context.struck": "Meddelanden som medborgaren tog bort: {n}.", "context.entities": "Namn i meddelandet",
    "transfer.other_board": "Till en annan nämnd: medborgaren tillfrågas om texten får följa med, och ser din anteckning i samtalet.",
  },
  en: {
    "summary.title": "In short", "summary.about": "What is it about?", "summary.said": "What has the bot said?", "summary.unclear": "What is unclear?",
    "summary.about_none": "No question yet.", "summary.said_none": "No answer from the knowledge base.", "summary.unclear_none": "Nothing unclear.",
    "summary.pending": "The citizen has not agreed to your department reading the conversation. You can claim it all the same.",
    "unclear.not_understood": "the bot did not understand", "unclear.asked_back": "the bot asked back", "unclear.not_helped": "the answer did not help", "unclear.not_answered": "not answered",
    "action.pull": "Take back", "pull.title": "Take back from the bot", "pull.lead": "The conversation is yours again and the citizen is told that it is a person. What was written to the bot meanwhile is not shown.", "pull.submit": "Take back", "reason.pulled_in": "Taken back from the bot",
    "suggested.title": "Suggested answers", "suggested.read": "Read", "suggested.shown": "shown by the bot", "suggested.claim": "Claim the conversation to insert an answer.",
    "consent.pending": "Not answered yet", "conversation.pending": "The citizen has not agreed to what was written earlier being read here.",
    "context.struck": "Messages that the citizen took out: {n}.", "context.entities": "Names in the message",
    "transfer.other_board": "To another board: the citizen is asked whether the text may go along, and sees your note in the conversation.",
  },
};

"""What the fake server's assistant says: one of each kind of message the contract knows. Never shipped."""

from __future__ import annotations

from typing import Any

GREETINGS = {
    "sv": "Hej! Jag är Fråga Göteborg, en automatisk AI-tjänst från Göteborgs Stad. Fråga mig på vilket språk du vill. Jag kan ha fel: kontrollera gärna källan. Vid fara för liv: ring 112.",
    "en": "Hello! I am Fråga Göteborg, an automatic AI service from the City of Gothenburg. I can be wrong, so please check the source. If life is in danger: call 112.",
    "fi": "Hei! Olen Fråga Göteborg, Göteborgin kaupungin automaattinen tekoälypalvelu. Voin erehtyä. Hengenvaarassa: soita 112.",
    "ar": "مرحبًا! أنا Fråga Göteborg، خدمة ذكاء اصطناعي آلية من مدينة غوتنبرغ. قد أخطئ، لذلك تحقق من المصدر. عند الخطر على الحياة: اتصل بالرقم 112.",
    "so": "Salaan! Waxaan ahay Fråga Göteborg, adeeg AI ah. Waan khaldami karaa. Khatar nafta ah: wac 112.",
}
RTL = ("ar", "fa", "ckb")
LANGUAGES = [("sv", "Svenska"), ("en", "English"), ("fi", "Suomi"), ("ar", "العربية"), ("so", "Soomaali")]

ANSWER: dict[str, Any] = {
    "outcome": "answered",
    "article_id": "avc-regler",
    "title": "Återvinningscentral",
    "wants_feedback": True,
    "feedback": None,
    "probability": 0.93,
    "updated": "2026-02-11",
    "text": (
        "Som privatperson i Göteborg lämnar du avfall på återvinningscentralen utan avgift.\n\n"
        "Så gör du:\n1. Sortera hemma.\n2. Ta med körkort eller ÅVC-kort om du kommer med bil.\n3. Lämna farligt avfall till personalen.\n\n"
        "Frågor? Ring 031-365 00 00 eller läs mer på https://goteborg.se/avfall."
    ),
    "sources": [{"url": "https://goteborg.se/avfall/regler", "title": "Regler för ÅVC-kort, Göteborgs Stad", "year": 2023}],
    "links": [{"url": "https://goteborg.se/avc-kort", "title": "Beställ ÅVC-kort"}],
    "buttons": [
        {"title": "Vad kan jag lämna på återvinningscentralen?", "payload": "p-related-1", "article_id": "avc-sortering"},
        {"title": "Hur blir jag av med farligt avfall?", "payload": "p-related-2", "article_id": "farligt-avfall"},
    ],
}
ARABIC_ANSWER: dict[str, Any] = {
    **ANSWER,
    "language": "ar",
    "dir": "rtl",
    "text": "يمكن لسكان غوتنبرغ تسليم النفايات في مركز إعادة التدوير مجانًا.\n\n1. افرز النفايات في المنزل.\n2. أحضر رخصة القيادة إذا جئت بالسيارة.\n\nللأسئلة اتصل على 031-365 00 00.",
    "buttons": [{"title": "ماذا يمكنني أن أسلّم؟", "payload": "p-related-1", "article_id": "avc-sortering"}],
}
CLARIFY: dict[str, Any] = {
    "outcome": "clarification",
    "text": "Menar du något av det här?",
    "buttons": [
        {"title": "Boendeparkering: ansök", "payload": "p-1", "article_id": "boendeparkering"},
        {"title": "Parkeringstillstånd för rörelsehindrad", "payload": "p-2", "article_id": "rorelsehindrad"},
        {"title": "Nej, något annat", "payload": "p-3"},
    ],
}
EMERGENCY: dict[str, Any] = {
    "outcome": "emergency",
    "text": "Ring 112 nu om någon är i fara. Du kan ringa Socialjouren på 031-365 87 00 dygnet runt.",
    "buttons": [{"title": "Ja, koppla mig till en människa", "payload": "p-agree"}],
}
TITLES = ["Återvinningscentral – vem får komma och vad kostar det?", "Öppettider på återvinningscentralen", "Boendeparkering",
          "Vad kostar boendeparkering?", "Parkeringstillstånd för rörelsehindrad", "Ladda elbil hos Parkering Göteborg",
          "Betala parkering på gatan"]  # fmt: skip
ARABIC_TITLES = ["التقديم على مكان في روضة الأطفال (förskola)", "رسوم روضة الأطفال", "مكان في مركز إعادة التدوير"]


def consent(said: str) -> dict[str, Any]:
    """The consent question with what would be sent."""
    return {
        "outcome": "handover_offered",
        "text": "Jag kan koppla dig till en medarbetare. Får jag skicka med det här?",
        "preview": {
            "language": "sv",
            "topic": "Avfall och återvinning",
            "department": "Kretslopp och vatten",
            "messages": [
                {"seq": 2, "author": "citizen", "text": said, "language": "sv", "created_at": "2026-03-02T13:05:00+00:00"},
                {
                    "seq": 3,
                    "author": "bot",
                    "text": "Jag kan koppla dig till en medarbetare.",
                    "language": "sv",
                    "created_at": "2026-03-02T13:05:01+00:00",
                },
            ],
        },
        "buttons": [
            {"title": "Ja, skicka och koppla mig", "payload": "p-agree"},
            {"title": "Ja, men skicka inget", "payload": "p-agree-empty"},
            {"title": "Nej tack", "payload": "p-decline"},
        ],
    }


def replies_to(text: str, payload: str | None, language: str) -> tuple[list[dict[str, Any]], str | None]:
    """What is said to a message, and who owns the conversation after it (None: unchanged)."""
    words = text.lower()
    if payload == "greeting":
        buttons = [{"title": name, "payload": f"language:{code}"} for code, name in LANGUAGES if code != language]
        greeting = {"text": GREETINGS.get(language, GREETINGS["sv"]), "language": language, "outcome": "smalltalk",
                    "dir": "rtl" if language in RTL else "ltr", "buttons": buttons}  # fmt: skip
        return [greeting], None
    if payload and payload.startswith("language:"):
        code = payload.removeprefix("language:")
        text = GREETINGS.get(code, f"({code}) 112")
        return [{"text": text, "language": code, "dir": "rtl" if code in RTL else "ltr"}], None
    if payload in ("p-agree", "p-agree-empty"):
        return [{"author": "system", "text": "Du står nu i kö. Du kan skriva mer medan du väntar."}], "queue"
    if payload:
        return [{"text": "Bra att veta.", "outcome": "smalltalk"}], None
    if "människa" in words:
        return [consent(text) | ({"language": language, "dir": "rtl"} if language in RTL else {})], None
    if "parkering" in words:
        return [CLARIFY], None
    if "fara" in words:
        return [EMERGENCY], None
    if "avfall" in words:
        return [ARABIC_ANSWER if language == "ar" else ANSWER], None
    if any("\u0600" <= sign <= "\u06ff" for sign in text):
        return [ARABIC_ANSWER], None
    return [{"text": f"Du skrev: {text}", "outcome": "unanswered"}], None

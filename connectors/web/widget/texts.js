/*
 * Words: what the widget says, in the language shown. The server's catalogue (texts/<lang>.yml) always wins.
 */

/* What is shown until (or unless) the server's catalogue is here. */
const EMBEDDED = {
  sv: {
    title: 'Fråga Göteborg', open: 'Öppna chatten', close: 'Stäng chatten', minimise: 'Minimera chatten',
    ai_label: 'AI-assistent', ai_notice: 'Du skriver med en automatisk AI-tjänst. Den kan ha fel. Skriv inte personnummer.',
    input_label: 'Skriv ditt meddelande', placeholder: 'Skriv din fråga', send: 'Skicka', sending: 'Skickas', sent: 'Skickat',
    failed: 'Gick inte att skicka', retry: 'Försök igen', offline: 'Du är inte uppkopplad. Det du skriver skickas när du är det igen.',
    reconnecting: 'Kopplar upp igen', connecting: 'Kopplar upp', not_ready: 'Chatten startar. Vänta en liten stund.',
    expired: 'Det tidigare samtalet är avslutat och kan inte fortsätta. Vi har börjat ett nytt.',
    typing_bot: 'Assistenten skriver', typing_agent: 'Medarbetaren skriver', you: 'Du', assistant: 'Automatisk assistent', agent: 'Medarbetare', system: 'Information',
    sources: 'Källor', updated: 'Uppdaterad', links: 'Länkar', related: 'Andra har också frågat', new_tab: 'öppnas i ny flik',
    helpful: 'Svaret hjälpte', not_helpful: 'Svaret hjälpte inte', thanks: 'Tack för ditt svar', comment_label: 'Vad saknades? Skriv inga personuppgifter.', comment_send: 'Skicka kommentar',
    end: 'Avsluta samtalet', end_confirm: 'Vill du avsluta samtalet?', end_yes: 'Ja, avsluta', end_no: 'Nej, fortsätt', ended: 'Samtalet är avslutat', new_conversation: 'Börja ett nytt samtal', reopen: 'Fortsätt samtalet',
    language: 'Språk', text_size: 'Textstorlek', larger: 'Större text', smaller: 'Mindre text', new_message: 'Nytt meddelande', jump_to_latest: 'Gå till det senaste',
    chars_left: '{n} tecken kvar', too_long: 'Meddelandet är för långt', queue_position: 'Din plats i kön: {position}', queue_waiting: 'Du står i kö till en medarbetare.',
    human_button: 'Prata med en människa', privacy_link: 'Så hanteras dina uppgifter', preview_title: 'Det här skickas till medarbetaren', preview_nothing: 'Inget av det du har skrivit skickas',
    strike_hint: 'Du kan ta bort meddelanden som du inte vill skicka.', strike: 'Ta bort', unstrike: 'Ta med igen', struck: 'Skickas inte: {n}',
    preview_topic: 'Ämne', preview_department: 'Förvaltning', preview_language: 'Språk', preview_page: 'Sida', preview_earlier: 'Tidigare kontakter', menu: 'Meny', download: 'Spara samtalet', print: 'Skriv ut', copy: 'Kopiera', copied: 'Kopierat', log_label: 'Samtalet',
    delivered: 'Levererat', read: 'Läst', suggestions: 'Förslag', suggestions_count: 'Förslag: {n}', comment_open: 'Skriv en kommentar', comment_label_up: 'Vad var bra? Skriv inga personuppgifter.',
    email: 'Skicka med e-post', email_label: 'Din e-postadress', email_send: 'Skicka samtalet', email_cancel: 'Avbryt',
    email_invalid: 'Adressen ser inte rätt ut. Skriv den så här: namn@exempel.se', email_sent: 'Samtalet skickas till din e-post', email_failed: 'Det gick inte att skicka. Du kan spara eller skriva ut samtalet i stället.', accessibility_link: 'Tillgänglighet',
  },
  en: {
    title: 'Fråga Göteborg', open: 'Open the chat', close: 'Close the chat', minimise: 'Minimise the chat',
    ai_label: 'AI assistant', ai_notice: 'You are writing with an automatic AI service. It can be wrong. Do not write personal identity numbers.',
    input_label: 'Write your message', placeholder: 'Write your question', send: 'Send', sending: 'Sending', sent: 'Sent',
    failed: 'Could not be sent', retry: 'Try again', offline: 'You are offline. What you write is sent when you are back online.',
    reconnecting: 'Reconnecting', connecting: 'Connecting', not_ready: 'The chat is starting. Please wait a moment.',
    expired: 'The earlier conversation has ended and cannot continue. We have started a new one.',
    typing_bot: 'The assistant is typing', typing_agent: 'The member of staff is typing', you: 'You', assistant: 'Automatic assistant', agent: 'Member of staff', system: 'Information',
    sources: 'Sources', updated: 'Updated', links: 'Links', related: 'Other people also asked', new_tab: 'opens in a new tab',
    helpful: 'This answer helped', not_helpful: 'This answer did not help', thanks: 'Thank you for your answer', comment_label: 'What was missing? Do not write personal details.', comment_send: 'Send comment',
    end: 'End the conversation', end_confirm: 'Do you want to end the conversation?', end_yes: 'Yes, end it', end_no: 'No, continue', ended: 'The conversation has ended', new_conversation: 'Start a new conversation', reopen: 'Continue the conversation',
    language: 'Language', text_size: 'Text size', larger: 'Larger text', smaller: 'Smaller text', new_message: 'New message', jump_to_latest: 'Go to the latest',
    chars_left: '{n} characters left', too_long: 'The message is too long', queue_position: 'Your place in the queue: {position}', queue_waiting: 'You are in the queue for a member of staff.',
    human_button: 'Talk to a person', privacy_link: 'How your data is handled', preview_title: 'This is sent to the member of staff', preview_nothing: 'Nothing you have written is sent',
    strike_hint: 'You can take out messages that you do not want to send.', strike: 'Take out', unstrike: 'Put back', struck: 'Not sent: {n}',
    preview_topic: 'Topic', preview_department: 'Department', preview_language: 'Language', preview_page: 'Page', preview_earlier: 'Earlier contacts', menu: 'Menu', download: 'Save the conversation', print: 'Print', copy: 'Copy', copied: 'Copied', log_label: 'Conversation',
    delivered: 'Delivered', read: 'Read', suggestions: 'Suggestions', suggestions_count: 'Suggestions: {n}', comment_open: 'Write a comment', comment_label_up: 'What was good? Do not write personal details.',
    email: 'Send by e-mail', email_label: 'Your e-mail address', email_send: 'Send the conversation', email_cancel: 'Cancel',
    email_invalid: 'The address does not look right. Write it like this: name@example.com', email_sent: 'The conversation will be sent to your e-mail', email_failed: 'It could not be sent. You can save or print the conversation instead.', accessibility_link: 'Accessibility',
  },
};
/* The closed button is named before anything may be asked of the server: its name in the other languages of the City. */
const FIRST_WORDS = {
  fi: { open: 'Avaa chat' }, ar: { open: 'افتح المحادثة' }, so: { open: 'Fur sheekaysiga' }, fa: { open: 'باز کردن چت' },
  bs: { open: 'Otvori chat' }, es: { open: 'Abrir el chat' }, fr: { open: 'Ouvrir le chat' }, pl: { open: 'Otwórz czat' },
  tr: { open: 'Sohbeti aç' }, uk: { open: 'Відкрити чат' }, ku: { open: 'Sohbetê veke' }, ckb: { open: 'چاتەکە بکەرەوە' },
  ti: { open: 'ቻት ክፈቱ' },
};
const EMBEDDED_LANGUAGES = [
  { code: 'sv', name: 'Svenska', dir: 'ltr' },
  { code: 'en', name: 'English', dir: 'ltr' },
];
const RTL = new Set(['ar', 'fa', 'he', 'ur', 'ckb', 'ps', 'yi']);

/** The texts in one language at a time, the server's config they come in, and the labels that follow the language. */
class Texts {
  constructor(language) {
    this.language = language;
    this.config = { languages: EMBEDDED_LANGUAGES, texts: {}, bot_enabled: true };
    this.labels = [];
  }

  /** Takes in the answer of GET /chat/v1/config. */
  load(config) {
    this.config = { texts: {}, ...config };
    if (!this.config.languages.length) this.config.languages = EMBEDDED_LANGUAGES;
  }

  /** The text of a key in the language shown. */
  get(key, parameters = {}) {
    for (const language of [this.language, 'en', 'sv']) {
      const loaded = this.config.texts[language] || {};
      const text = loaded[`widget.${key}`] || loaded[key] || (EMBEDDED[language] || FIRST_WORDS[language] || {})[key];
      if (text) return text.replace(/\{(\w+)\}/g, (_, name) => (parameters[name] === undefined ? '' : parameters[name]));
    }
    return key;
  }

  get languages() { return this.config.languages; }

  knows(code) { return this.languages.some((one) => one.code === code); }

  /** A language's own name, or its code. */
  nameOf(code) { return (this.languages.find((one) => one.code === code) || {}).name || code; }

  get direction() { return this.directionOf(this.language); }

  directionOf(language) {
    const known = this.languages.find((one) => one.code === language);
    return known ? known.dir : RTL.has(language) ? 'rtl' : 'ltr';
  }

  /** What the operator wants every citizen to know, each in the language it is in: `[{text, language}]`. */
  get notices() {
    const { notice, banner } = this.config;
    const language = banner && [this.language, 'en', 'sv'].find((code) => banner[code]);
    return [notice && { text: notice, language: 'sv' }, language && { text: banner[language], language }].filter(Boolean);
  }

  /** Keeps a label right when the language changes. */
  label(element, key, attribute) {
    this.labels.push(() => {
      if (attribute) element.setAttribute(attribute, this.get(key)); else element.textContent = this.get(key);
    });
    return element;
  }

  relabel() { for (const label of this.labels) label(); }

  format(date, options) {
    try { return new Intl.DateTimeFormat([this.language, 'sv'], options).format(date); } catch { return date.toISOString().slice(0, 10); }
  }

  /** Who said it, in words. */
  speaker(author, name) {
    if (author === 'agent') return name || this.get('agent');
    return this.get(author === 'citizen' ? 'you' : author === 'system' ? 'system' : 'assistant');
  }
}

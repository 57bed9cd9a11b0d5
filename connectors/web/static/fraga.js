/*
 * Fråga Göteborg: the citizen's chat widget, a custom element in one file without a build step.
 *
 *   <script src="https://…/widget/fraga.js" defer></script>
 *
 * Reading order: texts · style · pure decisions · browser edges · Conversation (what is said, no DOM) · Widget (DOM only).
 * Rules that hold everywhere below: text from the server or the citizen only ever becomes text nodes; nothing is fetched
 * from any other host than the script's own; no cookie; one key in sessionStorage. See docs/widget.md.
 */
(() => {
  'use strict';

  const TAG = 'fraga-goteborg';
  if (!window.customElements || customElements.get(TAG)) return;
  const SCRIPT = document.currentScript || document.querySelector('script[src*="widget/fraga.js"]');
  const BASE = new URL('../', (SCRIPT && SCRIPT.src) || document.baseURI);

  /* The API's limits (docs/architecture.md, "Web channel"). */
  const MAX_CHARACTERS = 2000;
  const MAX_PAGE_URL = 500;
  const COUNTER_FROM = 1800;
  const STORAGE_KEY = 'fraga-goteborg';

  const REQUEST_TIMEOUT_MS = 20000;
  const UNMATCHED_ACK_MS = 4000; // an acknowledged message whose copy has not come back: ask for it
  const AWAIT_REPLY_MS = 30000; // the longest we claim that the assistant is writing without hearing from it
  const TYPING_SHOWN_MS = 6000;
  const TYPING_SENT_EVERY_MS = 4000;
  const SILENT_SOCKET_MS = 75000; // a half-open socket says nothing: replace it
  const LANGUAGE_SETTLE_MS = 700; // arrow keys run through a closed <select>: send the one that was stopped at
  const PRESS_GUARD_MS = 1500;
  const SIZES = [1, 1.125, 1.25, 1.5];

  /* ------------------------------------------------------------------------------------------------ texts */

  /* What is shown until (or unless) the server's catalogue is here. The catalogue, texts/<lang>.yml, always wins. */
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
      end: 'Avsluta samtalet', end_confirm: 'Vill du avsluta samtalet?', end_yes: 'Ja, avsluta', end_no: 'Nej, fortsätt', ended: 'Samtalet är avslutat', new_conversation: 'Börja ett nytt samtal',
      language: 'Språk', text_size: 'Textstorlek', larger: 'Större text', smaller: 'Mindre text', new_message: 'Nytt meddelande', jump_to_latest: 'Gå till det senaste',
      chars_left: '{n} tecken kvar', too_long: 'Meddelandet är för långt', queue_position: 'Din plats i kön: {position}', queue_waiting: 'Du står i kö till en medarbetare.',
      human_button: 'Prata med en människa', privacy_link: 'Så hanteras dina uppgifter', preview_title: 'Det här skickas till medarbetaren', preview_nothing: 'Inget av det du har skrivit skickas',
      preview_topic: 'Ämne', preview_department: 'Förvaltning', preview_language: 'Språk', menu: 'Meny', download: 'Spara samtalet', print: 'Skriv ut', copy: 'Kopiera', copied: 'Kopierat', log_label: 'Samtalet',
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
      end: 'End the conversation', end_confirm: 'Do you want to end the conversation?', end_yes: 'Yes, end it', end_no: 'No, continue', ended: 'The conversation has ended', new_conversation: 'Start a new conversation',
      language: 'Language', text_size: 'Text size', larger: 'Larger text', smaller: 'Smaller text', new_message: 'New message', jump_to_latest: 'Go to the latest',
      chars_left: '{n} characters left', too_long: 'The message is too long', queue_position: 'Your place in the queue: {position}', queue_waiting: 'You are in the queue for an adviser.',
      human_button: 'Talk to a person', privacy_link: 'How your data is handled', preview_title: 'This is sent to the member of staff', preview_nothing: 'Nothing you have written is sent',
      preview_topic: 'Topic', preview_department: 'Department', preview_language: 'Language', menu: 'Menu', download: 'Save the conversation', print: 'Print', copy: 'Copy', copied: 'Copied', log_label: 'Conversation',
    },
    fi: {
      open: 'Avaa chat', ai_label: 'Tekoälyavustaja', expired: 'Aiempaa keskustelua ei voi enää jatkaa. Aloitimme uuden.', links: 'Linkit', new_tab: 'avautuu uuteen välilehteen',
      queue_waiting: 'Odotat vuoroasi jonossa.', preview_topic: 'Aihe', preview_department: 'Hallinto', preview_language: 'Kieli', log_label: 'Keskustelu',
    },
    ar: {
      open: 'افتح المحادثة', ai_label: 'مساعد بالذكاء الاصطناعي', expired: 'لا يمكن متابعة المحادثة السابقة. لقد بدأنا محادثة جديدة.', links: 'روابط', new_tab: 'يفتح في علامة تبويب جديدة',
      queue_waiting: 'أنت في قائمة الانتظار.', preview_topic: 'الموضوع', preview_department: 'الإدارة', preview_language: 'اللغة', log_label: 'المحادثة',
    },
    so: {
      open: 'Fur wada sheekaysiga', ai_label: 'Kaaliye AI ah', expired: 'Wada sheekaysigii hore lama sii wadi karo. Mid cusub ayaan bilownay.', links: 'Xiriiriyeyaal', new_tab: 'wuxuu ku furmayaa bog cusub',
      queue_waiting: 'Safka ayaad ku jirtaa.', preview_topic: 'Mawduuca', preview_department: 'Waaxda', preview_language: 'Luqadda', log_label: 'Wada sheekaysiga',
    },
  };
  const EMBEDDED_LANGUAGES = [
    { code: 'sv', name: 'Svenska', dir: 'ltr' },
    { code: 'en', name: 'English', dir: 'ltr' },
  ];
  const RTL = new Set(['ar', 'fa', 'he', 'ur', 'ckb', 'ps', 'yi']);

  /* ------------------------------------------------------------------------------------------------ style */

  /*
   * The host's declarations are !important: for important declarations the shadow tree wins over the page, so a page that
   * says `* { display: none !important }` cannot hide us. Sizes are in em from the reader's own default font size (the
   * page's `html { font-size }` does not reach us).
   */
  const CSS = `
:host{all:initial!important;display:block!important;position:fixed!important;inset:auto 0 0 auto!important;z-index:2147483000!important;visibility:visible!important;opacity:1!important;pointer-events:auto!important;transform:none!important;font-size:medium!important;
--accent:#0067a8;--accent-strong:#004f82;--on-accent:#fff;--surface:#fff;--ground:#f3f6f9;--text:#1a2530;--muted:#50606e;--line:#d5dee6;--line-strong:#7a8996;--soft:#e6f1f9;--agent:#eaf5ee;--agent-line:#a9d2b8;--warn:#fff5dc;--warn-line:#d8a732;--error:#fdecea;--error-text:#8f1d14;--link:#005c98;--focus:#0b1d2c}
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
.root{font:400 1em/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans Arabic","Helvetica Neue",Arial,sans-serif;color:var(--text);text-align:start;-webkit-text-size-adjust:100%;text-size-adjust:100%}
button,textarea,select{font:inherit;color:inherit;margin:0;letter-spacing:inherit}
button{cursor:pointer;touch-action:manipulation}
svg{inline-size:1.375em;block-size:1.375em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;flex:none;display:block}
.vh{position:absolute!important;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;margin:-1px}
:focus{outline:none}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;box-shadow:0 0 0 2px var(--surface)}
.launcher{position:fixed;bottom:max(1.25em,env(safe-area-inset-bottom));right:1.25em;display:flex;align-items:center;gap:.6em;min-block-size:3.5em;max-inline-size:calc(100vw - 2.5em);padding:.5em 1.35em .5em 1.1em;border:2px solid transparent;border-radius:1.75em;background:var(--accent);color:var(--on-accent);font-weight:600;box-shadow:0 2px 6px rgb(10 30 50/.22),0 8px 24px rgb(10 30 50/.2)}
.launcher:hover{background:var(--accent-strong)}
.launcher svg{inline-size:1.6em;block-size:1.6em}
.left .launcher{left:1.25em;right:auto}
.badge{min-inline-size:1.6em;padding-inline:.4em;border-radius:1em;background:#fff;color:#004f82;font-size:.875em;text-align:center}
.panel{position:fixed;bottom:1.25em;right:1.25em;inline-size:25.5em;max-inline-size:calc(100vw - 2.5em);block-size:43em;max-block-size:calc(100dvh - 2.5em);display:flex;flex-direction:column;background:var(--surface);border:1px solid var(--line);border-radius:1em;overflow:hidden;box-shadow:0 4px 12px rgb(10 30 50/.12),0 20px 56px rgb(10 30 50/.26)}
.left .panel{left:1.25em;right:auto}
.head{display:flex;align-items:center;gap:.15em;flex:none;min-block-size:4em;padding:.5em .5em .5em 1em;padding-inline:1em .5em;background:var(--accent);color:var(--on-accent)}
.mark{display:grid;place-items:center;inline-size:2.4em;block-size:2.4em;border-radius:50%;background:rgb(255 255 255/.16);margin-inline-end:.65em;flex:none}
.who{flex:1;min-inline-size:0}
.who h2{margin:0;font-size:1.0625em;font-weight:650;line-height:1.25;overflow-wrap:anywhere}
.who p{margin:.1em 0 0;font-size:.8125em;line-height:1.3}
.head :focus-visible,.head .lang:focus-within{outline:3px solid #fff;outline-offset:-3px;box-shadow:none}
.icon{display:grid;place-items:center;min-inline-size:2.75em;min-block-size:2.75em;padding:0;border:0;border-radius:.6em;background:transparent}
.head .icon svg.i-menu{stroke-width:3.6}
.head .icon:hover,.head .lang:hover{background:rgb(255 255 255/.16)}
.lang{position:relative;display:flex;align-items:center;justify-content:center;gap:.3em;min-inline-size:2.75em;min-block-size:2.75em;padding-inline:.35em;border-radius:.6em;font-size:1em;font-weight:600}
.lang b{font-size:.8125em;font-weight:650;text-transform:uppercase}
.lang select{position:absolute;inset:0;inline-size:100%;block-size:100%;opacity:0;cursor:pointer;font-size:16px}
.lang option{color:#1a2530;background:#fff}
.menu{position:absolute;inset-block-start:4em;inset-inline-end:.5em;z-index:3;inline-size:min(19em,calc(100% - 1em));max-block-size:calc(100% - 5em);overflow:auto;padding:.4em;background:var(--surface);border:1px solid var(--line);border-radius:.75em;box-shadow:0 8px 28px rgb(10 30 50/.25)}
.menu>button,.menu>a{display:flex;align-items:center;gap:.75em;inline-size:100%;min-block-size:2.75em;padding:.35em .75em;border:0;border-radius:.5em;background:transparent;color:var(--text);text-align:start;text-decoration:none}
.menu>button:hover,.menu>a:hover{background:var(--soft)}
.menu svg{color:var(--accent);inline-size:1.2em;block-size:1.2em}
.size{display:flex;align-items:center;justify-content:space-between;padding:.1em .35em .35em .75em;padding-inline:.75em .35em;border-block-end:1px solid var(--line);margin-block-end:.35em}
.size div{display:flex;gap:.25em}
.size button{border:1px solid var(--line-strong)}
.size button[aria-disabled=true]{opacity:.45;cursor:default}
.strip{flex:none;display:flex;gap:.6em;align-items:flex-start;margin:0;padding:.6em 1em;font-size:.875em;line-height:1.45;background:var(--soft);border-block-end:1px solid var(--line)}
.strip svg{margin-block-start:.1em;color:var(--accent);inline-size:1.3em;block-size:1.3em}
.strip.warn{background:var(--warn);border-color:var(--warn-line)}
.strip.agent{background:var(--agent);border-color:var(--agent-line)}
.strip.warn svg,.strip.agent svg{color:inherit}
.middle{position:relative;flex:1 1 auto;min-block-size:7em;display:flex;background:var(--ground)}
.log{flex:1;min-inline-size:0;overflow-y:auto;overscroll-behavior:contain;padding:1em;display:flex;flex-direction:column;scrollbar-width:thin;scrollbar-color:var(--line-strong) transparent}
.log:focus-visible{outline-offset:-4px;box-shadow:none}
.row{display:flex;flex-direction:column;align-items:flex-start;margin-block-start:.9em;max-inline-size:100%}
.row:first-child{margin-block-start:auto}
.row.cont{margin-block-start:.3em}
.row.citizen{align-items:flex-end}
.row.system{align-items:center}
.by{display:flex;gap:.5em;margin-block-end:.2em;padding-inline:.25em;font-size:.8125em;color:var(--muted)}
.by b{font-weight:600;color:var(--text)}
.row.cont .by,.row.citizen .by,.row.system .by{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.bubble{max-inline-size:min(100%,34em);padding:.65em .9em;border:1px solid var(--line);border-radius:1em;background:var(--surface);overflow-wrap:anywhere}
.row.bot .bubble,.row.agent .bubble{border-start-start-radius:.25em;max-inline-size:94%}
.row.agent .bubble{background:var(--agent);border-color:var(--agent-line)}
.row.citizen .bubble{max-inline-size:86%;background:var(--accent);border-color:var(--accent);color:var(--on-accent);border-end-end-radius:.25em}
.row.system .bubble{max-inline-size:94%;background:transparent;border-color:transparent;color:var(--muted);font-size:.875em;text-align:center;padding:.2em .75em}
.row.urgent .bubble{background:var(--error);border:2px solid #c0392b;color:var(--text);font-size:1em;text-align:start;max-inline-size:94%;padding:.65em .9em}
.row.wide .bubble{inline-size:94%}
.text{unicode-bidi:isolate}
.text p,.text ul,.text ol{margin:0}
.text>:not(:first-child){margin-block-start:.6em}
.text ul,.text ol{padding-inline-start:1.35em}
.text li+li{margin-block-start:.25em}
.text a{color:var(--link);text-decoration:underline;text-underline-offset:.15em}
.row.citizen .text a{color:inherit}
a:hover{text-decoration-thickness:2px}
.facts{margin-block-start:.75em;padding-block-start:.65em;border-block-start:1px solid var(--line);font-size:.875em;display:grid;gap:.5em}
.facts h3,.choices h3,.card h3{margin:0 0 .15em;font-size:1em;font-weight:650}
.facts ul{list-style:none;margin:0;padding:0;display:grid;gap:.1em}
.facts a{display:inline-flex;align-items:center;min-block-size:1.75em;gap:.35em;color:var(--link);text-decoration:underline;text-underline-offset:.15em}
.facts a svg{inline-size:.9em;block-size:.9em}
.facts p{margin:0;color:var(--muted)}
.choices{display:grid;justify-items:start;gap:.45em;margin-block-start:.55em;inline-size:94%}
.choices.inline{display:flex;flex-wrap:wrap}
.choices h3{flex:1 0 100%;font-size:.875em;color:var(--muted);font-weight:600}
.choice,.plain{min-block-size:2.75em;padding:.4em 1em;border:1.5px solid var(--accent);border-radius:1.4em;background:var(--surface);color:var(--link);font-weight:550;text-align:start;line-height:1.35;overflow-wrap:anywhere}
.choice:hover,.plain:hover{background:var(--soft)}
.choice[aria-disabled=true]{border-color:var(--line);color:var(--muted);background:transparent;cursor:default}
.primary{min-block-size:2.75em;padding:.4em 1.2em;border:2px solid transparent;border-radius:1.4em;background:var(--accent);color:var(--on-accent);font-weight:600}
.primary:hover{background:var(--accent-strong)}
.rate{display:flex;flex-wrap:wrap;gap:.45em;margin-block-start:.5em;align-items:center;font-size:.875em}
.rate .choice{display:inline-flex;align-items:center;gap:.45em;min-block-size:max(2.75em,44px);padding:.3em .85em;border-radius:1.6em;border:1px solid var(--line-strong);color:var(--text);font-weight:500}
.rate svg{inline-size:1.15em;block-size:1.15em}
.rate .choice[aria-pressed=true]{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.rate p{margin:0;inline-size:100%}
.comment{inline-size:94%;display:grid;gap:.4em;margin-block-start:.4em;font-size:.875em}
.comment textarea{inline-size:100%;min-block-size:4.2em;padding:.5em .7em;border:1px solid var(--line-strong);border-radius:.6em;background:var(--surface);resize:vertical}
.comment button{justify-self:start;min-block-size:max(2.75em,44px);border-radius:1.6em}
.card{inline-size:94%;margin-block-start:.5em;border:1.5px solid var(--accent);border-radius:.9em;background:var(--surface);overflow:hidden}
.card h3{margin:0;padding:.6em .9em;background:var(--soft);display:flex;gap:.5em;align-items:center}
.card h3 svg{color:var(--accent);inline-size:1.2em;block-size:1.2em}
.card dl{margin:0;padding:.6em .9em 0;display:grid;grid-template-columns:auto 1fr;gap:.15em .8em;font-size:.875em}
.card dt{color:var(--muted)}
.card dd{margin:0;font-weight:550}
.card ol{list-style:none;margin:.6em 0 0;padding:.5em .9em .75em;border-block-start:1px solid var(--line);display:grid;gap:.5em;max-block-size:14em;overflow:auto;font-size:.9375em}
.card li b{display:block;font-size:.8125em;color:var(--muted);font-weight:600}
.card>p{margin:0;padding:.6em .9em .8em}
.state{display:flex;align-items:center;flex-wrap:wrap;gap:.4em;margin-block-start:.2em;padding-inline:.25em;font-size:.8125em;color:var(--muted)}
.state.failed{color:var(--error-text);font-weight:550}
.state .plain{min-block-size:max(2.75em,44px);border-radius:1.7em;padding:.1em .8em}
.hint{margin:auto;padding:1em;color:var(--muted);text-align:center}
.typing{flex:none;min-block-size:1.75em;padding:.15em 1.1em;font-size:.8125em;color:var(--muted);background:var(--ground);display:flex;align-items:center;gap:.55em}
.dots{display:inline-flex;gap:.25em}
.dots i{inline-size:.42em;block-size:.42em;border-radius:50%;background:var(--accent)}
.latest{position:absolute;inset-block-end:.5em;inset-inline:0;margin-inline:auto;inline-size:fit-content;display:flex;align-items:center;gap:.4em;min-block-size:max(2.75em,44px);padding:.3em 1em;border:1px solid var(--line-strong);border-radius:1.6em;background:var(--surface);color:var(--link);font-weight:600;font-size:.875em;box-shadow:0 2px 10px rgb(10 30 50/.2)}
.alert:empty{display:none}
.alert{flex:none;padding:.6em 1em;font-size:.875em;background:var(--error);color:var(--error-text);border-block-start:1px solid #e3a59f}
.foot{flex:none;border-block-start:1px solid var(--line);background:var(--surface);padding:.7em .8em;padding-block-end:max(.6em,env(safe-area-inset-bottom))}
.compose{display:flex;align-items:flex-end;gap:.5em}
.compose textarea{flex:1;min-inline-size:0;min-block-size:2.9em;max-block-size:9em;padding:.65em .9em;border:1.5px solid var(--line-strong);border-radius:1.2em;background:var(--surface);resize:none;overflow-y:auto;line-height:1.4;font-size:max(1em,16px)}
.compose textarea::placeholder{color:var(--muted);opacity:1}
.compose textarea:focus-visible{outline-offset:0;border-color:var(--accent);outline-color:var(--accent);box-shadow:none}
.compose textarea[aria-invalid=true]{border-color:#c0392b}
.sendb{display:grid;place-items:center;inline-size:2.9em;block-size:2.9em;flex:none;border:2px solid transparent;border-radius:50%;background:var(--accent);color:var(--on-accent);padding:0}
.sendb:hover{background:var(--accent-strong)}
[dir=rtl] .flip{transform:scaleX(-1)}
.under{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:.1em .8em;margin-block-start:.3em;font-size:.875em}
.under:empty{display:none}
.linkish{display:inline-flex;align-items:center;gap:.4em;min-block-size:max(2.75em,44px);padding:.2em .4em;border:0;border-radius:.4em;background:transparent;color:var(--link);font-weight:550;text-decoration:underline;text-underline-offset:.15em}
.linkish svg{inline-size:1.2em;block-size:1.2em}
.count{color:var(--muted);margin-inline-start:auto}
.count.over{color:var(--error-text);font-weight:600}
.ask{display:grid;gap:.6em}
.ask p{margin:0;font-weight:600}
.ask div{display:flex;flex-wrap:wrap;gap:.5em}
.full .panel{inset:var(--top,0) 0 auto;inline-size:100%;max-inline-size:none;block-size:var(--height,100dvh);max-block-size:none;border:0;border-radius:0;box-shadow:none;overflow-y:auto}
.full .head{padding-block-start:max(.5em,env(safe-area-inset-top))}
@media (max-width:24em){.mark{display:none}.lang svg{display:none}.launcher{right:.75em}.left .launcher{left:.75em}}
@media (prefers-reduced-motion:no-preference){
.dots i{animation:dot 1.2s infinite ease-in-out}.dots i:nth-child(2){animation-delay:.15s}.dots i:nth-child(3){animation-delay:.3s}
@keyframes dot{0%,60%,100%{opacity:.3;transform:none}30%{opacity:1;transform:translateY(-.15em)}}
.panel{animation:rise .18s ease-out}@keyframes rise{from{opacity:0;transform:translateY(.75em)}}
.row.fresh{animation:fresh .2s ease-out}@keyframes fresh{from{opacity:0;transform:translateY(.3em)}}
.launcher,.choice,.primary{transition:background-color .12s}}
@media (forced-colors:active){
.bubble,.card,.choice,.primary,.plain,.sendb,.launcher,.icon,.lang,.panel,.alert,.strip,.badge{border:1px solid CanvasText}
.row.citizen .bubble{border-color:Highlight}.dots i{background:CanvasText}:focus-visible,.head :focus-visible,.head .lang:focus-within{outline:3px solid Highlight}
.choice[aria-pressed=true]{forced-color-adjust:none;background:Highlight;color:HighlightText}.choice[aria-disabled=true]{color:GrayText;border-color:GrayText}.launcher{forced-color-adjust:auto}}
`;
  const DARK = `--accent:#1f77b8;--accent-strong:#2a68a0;--surface:#17212b;--ground:#0f171f;--text:#eef3f7;--muted:#a9b8c5;--line:#33424f;--line-strong:#7f93a4;--soft:#1d3143;--agent:#18342a;--agent-line:#2f6a50;--warn:#3a2f10;--warn-line:#8a6a18;--error:#3c1a17;--error-text:#ffb4ab;--link:#8cc8f5;--focus:#fff`;

  /* -------------------------------------------------------------------------------------- pure decisions */

  /** How long to wait before the next attempt, in milliseconds: doubling from 1 s to 30 s, ±20 % so that all do not return at once. */
  const backOff = (attempt, random = Math.random) => Math.min(30000, 1000 * 2 ** Math.min(attempt, 5)) * (0.8 + 0.4 * random());

  /** The number of characters as the server counts them (code points, not UTF-16 units). */
  const countCharacters = (text) => Array.from(text).length;

  /** An address that may be put in a link, or null. Only web addresses: never javascript:, data: and the like. */
  const safeUrl = (value) => {
    try {
      const url = new URL(String(value));
      return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
    } catch { return null; }
  };

  const SHORT_NUMBER = '112|1177|11313|113\\s13|11414|114\\s14|116\\s?111|116\\s?117|116\\s?000|116\\s?006|90\\s?101';
  const LINKABLE = new RegExp(
    'https://[^\\s<>"\'«»]+' +
    '|\\+\\d{1,3}[\\s-]?(?:\\(0\\)\\s?)?\\d[\\d\\s-]{5,13}\\d' +
    '|0\\d{1,3}\\s?[-–]\\s?\\d[\\d ]{3,11}\\d' +
    `|(?:${SHORT_NUMBER})(?![\\d.,:-]*\\d|[.]\\w|\\s?(?:kr|SEK|%|år|st|m\\b))`, 'gi');

  /**
   * Splits one line into text and links.
   * @param {string} line
   * @returns {{text: string, href?: string}[]} in order; the texts joined are exactly the line
   */
  const linkify = (line) => {
    const parts = [];
    let from = 0;
    const plain = (to) => { if (to > from) parts.push({ text: line.slice(from, to) }); };
    for (const match of line.matchAll(LINKABLE)) {
      let found = match[0];
      const before = line[match.index - 1] || ' ';
      let href = null;
      if (/^https:/i.test(found)) {
        found = found.replace(/[.,;:!?]+$/, '');
        const count = (sign) => found.split(sign).length;
        while (found.endsWith(')') && count(')') > count('(')) found = found.slice(0, -1).replace(/[.,;:!?]+$/, '');
        href = safeUrl(found);
      } else {
        const digits = found.replace(/\(0\)|[^\d+]/g, '');
        const long = /^[0+]/.test(found);
        const after = line[match.index + found.length] || ' ';
        if (!/[\p{L}\d.,:/+-]/u.test(before) && !/[\p{L}\d]/u.test(after) && (!long || digits.length >= 8)) href = `tel:${digits}`;
      }
      if (!href) continue;
      plain(match.index);
      parts.push({ text: found, href });
      from = match.index + found.length;
    }
    plain(line.length);
    return parts;
  };

  /**
   * Splits a plain text into paragraphs and lists.
   * @param {string} text
   * @returns {{kind: 'p'|'ul'|'ol', start?: number, lines: string[]}[]}
   */
  const blocks = (text) => {
    const out = [];
    let open = null;
    for (const raw of String(text).replace(/\r\n?/g, '\n').split('\n')) {
      const line = raw.trimEnd();
      const numbered = /^\s*(\d{1,3})\.\s+(.*)$/.exec(line);
      const dashed = /^\s*[-•]\s+(.*)$/.exec(line);
      if (!line.trim()) { open = null; continue; }
      const kind = numbered ? 'ol' : dashed ? 'ul' : 'p';
      if (!open || open.kind !== kind) {
        open = { kind, lines: [] };
        if (numbered) open.start = Number(numbered[1]);
        out.push(open);
      }
      open.lines.push(numbered ? numbered[2] : dashed ? dashed[1] : line);
    }
    return out;
  };

  const luminance = (hex) => {
    const channel = (at) => {
      const value = parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  };

  /** The embedding page's colour (#rgb or #rrggbb), darkened until white text on it has 4.5:1; null when it is no colour. */
  const readableAccent = (value) => {
    let hex = /^#[\da-f]{3}$/i.test(value) ? '#' + [...value.slice(1)].map((c) => c + c).join('') : value;
    if (!/^#[\da-f]{6}$/i.test(hex)) return null;
    while (1.05 / (luminance(hex) + 0.05) < 4.5) {
      hex = '#' + [1, 3, 5].map((at) => Math.floor(parseInt(hex.slice(at, at + 2), 16) * 0.95).toString(16).padStart(2, '0')).join('');
    }
    return hex;
  };

  /** How soon to ask again when there is no socket, in milliseconds. */
  const pollDelay = ({ awaiting, owner, hidden }) => (awaiting ? 1000 : owner === 'bot' ? 15000 : 3000) * (hidden ? 3 : 1);

  /* --------------------------------------------------------------------------------------- browser edges */

  /** A random UUID; crypto.randomUUID only exists in secure contexts, getRandomValues everywhere. */
  const newId = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };

  /** The one key in sessionStorage. Where storage is refused (sandboxed frame, blocked by the reader) it lives in memory. */
  class Memory {
    constructor() {
      this.value = {};
      try { this.value = JSON.parse(sessionStorage.getItem(STORAGE_KEY)) || {}; } catch { /* memory only */ }
    }
    write(patch) {
      Object.assign(this.value, patch);
      try { sessionStorage.setItem(STORAGE_KEY, JSON.stringify(this.value)); } catch { /* memory only */ }
    }
  }

  /**
   * One request to the server.
   * @returns {Promise<{status: number, data: any, retryAfter: number}>} status 0 when the server was not reached
   */
  const call = async (method, path, { token, body, keepalive = false } = {}) => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), REQUEST_TIMEOUT_MS);
    try {
      const headers = {};
      if (token) headers.Authorization = `Bearer ${token}`;
      if (body) headers['Content-Type'] = 'application/json';
      const response = await fetch(new URL(path, BASE), {
        method, headers, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store', redirect: 'error', keepalive, signal: abort.signal,
      });
      let data = null;
      if (response.status !== 204) data = await response.json().catch(() => null);
      // A 2xx whose body never arrived whole is no acknowledgement.
      if (response.ok && response.status !== 204 && data === null) return { status: 0, data: null, retryAfter: 0 };
      return { status: response.status, data, retryAfter: Number(response.headers.get('Retry-After')) * 1000 || 0 };
    } catch {
      return { status: 0, data: null, retryAfter: 0 };
    } finally {
      clearTimeout(timer);
    }
  };

  /* -------------------------------------------------------------------------------------- Conversation */

  /**
   * One conversation with the server: what has been said, what waits to be sent, who owns it. No DOM.
   *
   * Sending: every message gets its client_message_id when it is written, is stored before it is sent, and is sent one at
   * a time, in order, again and again with the same id until the server has acknowledged it. Receiving: messages are kept
   * by seq; `cursor` is the seq up to which nothing is missing. Whatever arrives above cursor + 1 causes a read.
   */
  class Conversation {
    /**
     * @param {Memory} memory
     * @param {(what: string, detail?: any) => void} changed called after each change: 'messages' | 'state' | 'expired' | 'error'
     */
    constructor(memory, changed) {
      this.memory = memory;
      this.changed = changed;
      this.timers = {};
      this.generation = 0;
      this.attempt = 0;
      this.socketAttempt = 0;
      this.net = 'ok';
      this.clear();
      this.token = memory.value.token || null;
      this.outgoing = (memory.value.pending || []).map((item) => ({ ...item }));
    }

    clear() {
      this.generation += 1;
      this.messages = new Map();
      this.cursor = 0;
      this.owner = 'bot';
      this.queue = null;
      this.agentName = '';
      this.typing = null;
      this.awaitingSince = 0;
      this.loaded = false;
      this.syncing = null;
      this.again = false;
      this.starting = null;
      this.pumping = false;
      this.dropSocket();
      for (const name of Object.keys(this.timers)) this.cancel(name);
    }

    get closed() { return this.owner === 'closed'; }
    get awaiting() { return this.awaitingSince > 0; }

    /** Everything to show, in order: what the server has, then what is on its way. */
    timeline() {
      const said = [...this.messages.values()].sort((a, b) => a.seq - b.seq);
      return said.concat(this.outgoing.map((item) => ({ author: 'citizen', text: item.label, client_message_id: item.id, state: item.state, error: item.error })));
    }

    after(name, ms, act) {
      this.cancel(name);
      this.timers[name] = setTimeout(() => { delete this.timers[name]; act(); }, ms);
    }
    cancel(name) { clearTimeout(this.timers[name]); delete this.timers[name]; }

    persist() {
      this.memory.write({ token: this.token, pending: this.outgoing.filter((item) => item.state !== 'sent') });
    }

    /** Notes how the last request went and, on trouble, sets the clock for the next attempt at everything outstanding. */
    heard({ status, retryAfter }, sent = false) {
      if (status === 0 || status >= 500 || status === 429) {
        this.net = status === 503 ? 'not_ready' : status === 429 ? 'busy' : 'lost';
        // A service that is starting answers quickly and often: do not let the wait grow long.
        const wait = retryAfter || (status === 503 ? Math.min(backOff(this.attempt), 3000) : backOff(this.attempt));
        this.attempt += 1;
        this.after('wake', wait, () => this.wake());
      } else {
        this.net = 'ok';
        // That reading works says nothing about sending: a queued message keeps its own clock.
        if (sent || !this.outgoing.some((item) => item.state === 'queued')) {
          this.attempt = 0;
          this.cancel('wake');
        }
      }
      this.changed('state');
    }

    /** Does whatever is outstanding now: begin, read, listen, send. Safe to call at any time and any number of times. */
    async wake() {
      if (this.timers.wake) this.cancel('wake');
      if (!this.token) { if (this.wanted || this.outgoing.length) await this.start(); return; }
      if (!this.loaded || this.net === 'lost' || this.net === 'not_ready') {
        await this.sync();
        if (this.net !== 'ok') return;
      }
      this.listen();
      this.pump();
    }

    /** Begins a conversation if there is none. One at a time, whoever asks. */
    start() {
      this.wanted = true;
      if (this.token) return Promise.resolve();
      if (!this.starting) {
        const generation = this.generation;
        this.changed('state');
        this.starting = (async () => {
          const answer = await call('POST', 'chat/v1/conversations', { body: { language: this.language, page_url: this.pageUrl } });
          if (generation !== this.generation) return;
          this.starting = null;
          if (answer.status === 201 || answer.status === 200) {
            this.token = answer.data.token;
            this.loaded = true;
            this.persist();
            this.take(answer.data.messages || []);
            this.settle(answer.data.messages || []);
            this.heard(answer);
            this.wake();
          } else {
            if (answer.status && answer.status < 500 && answer.status !== 429) {
              this.changed('error');
              answer.status = 0;
            }
            this.heard(answer);
          }
        })();
      }
      return this.starting;
    }

    /** Leaves this conversation (ended or expired) and begins another; text that was never sent goes with it. */
    renew({ carry = false } = {}) {
      const unsent = carry ? this.outgoing.filter((item) => item.text && item.state !== 'sent') : [];
      this.clear();
      this.token = null;
      this.outgoing = unsent.map((item) => ({ ...item, id: newId(), state: 'queued', error: '' }));
      this.persist();
      this.changed('messages');
      return this.wanted || unsent.length ? this.start() : Promise.resolve();
    }

    expire() {
      if (!this.token) return;
      this.changed('expired');
      this.renew({ carry: true });
    }

    /**
     * Queues a message.
     * @param {{text?: string, payload?: string, label: string}} message text or payload; label is what is shown meanwhile
     */
    say({ text, payload, label }) {
      const item = { id: newId(), label, state: 'queued', error: '' };
      if (payload === undefined) item.text = text; else item.payload = payload;
      this.outgoing.push(item);
      this.persist();
      this.changed('messages');
      this.pump();
    }

    retry(id) {
      const item = this.outgoing.find((one) => one.id === id);
      if (!item) return;
      Object.assign(item, { state: 'queued', error: '' });
      this.persist();
      this.changed('messages');
      this.pump();
    }

    async pump() {
      if (this.pumping) return;
      if (!this.token) { this.start(); return; }
      this.pumping = true;
      const generation = this.generation;
      let item;
      while ((item = this.outgoing.find((one) => one.state === 'queued'))) {
        const body = { client_message_id: item.id };
        if (item.payload === undefined) body.text = item.text; else body.payload = item.payload;
        // keepalive: a message sent while the page goes away still leaves the browser.
        const answer = await call('POST', 'chat/v1/messages', { token: this.token, body, keepalive: true });
        if (generation !== this.generation) return;
        if (answer.status === 401) { this.expire(); return; }
        this.heard(answer, answer.status < 500);
        if (!this.outgoing.includes(item)) continue; // its copy came over the socket first
        if (answer.status === 200 || answer.status === 202) {
          item.state = 'sent';
          if (this.owner === 'bot') this.await();
        } else if (answer.status === 0 || answer.status >= 500 || answer.status === 429) {
          break; // heard() has set the clock
        } else {
          item.state = 'failed';
          // The API's error texts are for developers; the code picks one of ours.
          item.error = answer.data && answer.data.error && answer.data.error.code === 'too_long' ? 'too_long' : 'failed';
          this.changed('error', item.error);
          this.sync();
        }
        this.persist();
        this.changed('messages');
        if (this.live) this.after('unmatched', UNMATCHED_ACK_MS, () => this.sync()); else this.poll(0);
      }
      this.pumping = false;
    }

    await() {
      this.awaitingSince = this.awaitingSince || Date.now();
      this.after('awaiting', AWAIT_REPLY_MS, () => { this.awaitingSince = 0; this.changed('state'); });
      this.changed('state');
    }

    /** Reads everything after the cursor. One at a time; asked for meanwhile, it reads once more. */
    sync() {
      if (!this.token) return Promise.resolve();
      if (this.syncing) { this.again = true; return this.syncing; }
      const generation = this.generation;
      this.syncing = (async () => {
        const answer = await call('GET', `chat/v1/messages?after=${this.cursor}`, { token: this.token });
        if (generation !== this.generation) return;
        this.syncing = null;
        if (answer.status === 401) { this.expire(); return; }
        this.heard(answer);
        if (answer.status === 200) {
          const first = !this.loaded;
          this.loaded = true;
          this.own(answer.data.closed ? 'closed' : answer.data.owner, answer.data.queue);
          this.take(answer.data.messages || [], first);
          this.settle(answer.data.messages || []);
        }
        if (this.again) { this.again = false; await this.sync(); }
      })();
      return this.syncing;
    }

    own(owner, queue) {
      if (owner && owner !== this.owner) {
        this.owner = owner;
        if (owner !== 'agent') this.agentName = '';
        if (owner !== 'bot') this.awaitingSince = 0;
        this.typing = null;
      }
      if (queue !== undefined) this.queue = queue && queue.position;
      if (this.closed) { this.dropSocket(); this.cancel('poll'); }
      this.changed('state');
    }

    /** After a read nothing at or below its last seq is missing. */
    settle(messages) {
      for (const { seq } of messages) this.cursor = Math.max(this.cursor, seq);
      while (this.messages.has(this.cursor + 1)) this.cursor += 1;
    }

    /** Takes in messages, each once. */
    take(messages, history = false) {
      let fresh = 0;
      for (const message of messages) {
        if (!message || !Number.isFinite(message.seq)) continue;
        const known = this.messages.has(message.seq);
        this.messages.set(message.seq, message);
        if (message.client_message_id) {
          const at = this.outgoing.findIndex((item) => item.id === message.client_message_id);
          if (at >= 0) {
            this.outgoing.splice(at, 1);
            this.persist();
            if (message.author === 'citizen' && this.owner === 'bot') this.await();
          }
        }
        if (known || message.author === 'citizen') continue;
        if (message.author === 'agent' && message.agent_name) this.agentName = message.agent_name;
        this.awaitingSince = 0;
        this.cancel('awaiting');
        this.typing = null;
        if (!history) { fresh += 1; this.changed('arrived', message); }
      }
      if (messages.length) this.changed('messages', { fresh, history });
    }

    /** Opens the socket unless it is open; while it is not, poll() reads. */
    listen() {
      if (!this.token || this.closed || this.socket) return;
      const generation = this.generation;
      let socket;
      try {
        const url = new URL('chat/v1/events', BASE);
        url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
        socket = new WebSocket(url);
      } catch { this.poll(); return; }
      this.socket = socket;
      socket.onopen = () => {
        if (this.socket !== socket) return;
        socket.send(JSON.stringify({ type: 'hello', token: this.token, after: this.cursor }));
        this.live = true;
        this.cancel('poll');
        this.watch();
        this.sync(); // owner and queue position as of now
      };
      socket.onmessage = (event) => {
        if (this.socket !== socket || generation !== this.generation) return;
        this.watch();
        let frame;
        try { frame = JSON.parse(event.data); } catch { return; }
        if (frame.type !== 'error') this.socketAttempt = 0;
        this.receive(frame);
      };
      socket.onclose = (event) => {
        if (this.socket !== socket) return;
        this.socket = null;
        this.live = false;
        this.cancel('watch');
        this.after('listen', backOff(this.socketAttempt), () => this.listen());
        this.socketAttempt += 1;
        // Also how a refused token is told from a late hello (4401 is both): reading answers 401 to the first only.
        this.poll(event.code === 4401 ? 0 : this.socketAttempt > 1 ? undefined : 300);
      };
      if (!this.live) this.poll(2500); // a proxy may swallow the upgrade without an error
    }

    watch() {
      this.after('watch', SILENT_SOCKET_MS, () => { this.dropSocket(); this.listen(); });
    }

    dropSocket() {
      const socket = this.socket;
      this.socket = null;
      this.live = false;
      if (socket) { socket.onclose = null; socket.close(); }
    }

    receive(frame) {
      switch (frame.type) {
        case 'message':
          this.take([frame.message]);
          if (frame.message && frame.message.seq === this.cursor + 1) this.settle([frame.message]);
          break;
        case 'owner':
          this.own(frame.owner, frame.owner === 'queue' ? undefined : null);
          if (frame.agent_name) { this.agentName = frame.agent_name; this.changed('state'); }
          break;
        case 'queue':
          this.own(undefined, { position: frame.position });
          break;
        case 'typing':
          this.typing = frame.author;
          this.after('typing', TYPING_SHOWN_MS, () => { this.typing = null; this.changed('state'); });
          this.changed('state');
          break;
        default: // ping, delivery, error (the close that follows is handled) and what later servers may add
      }
      if (Number.isFinite(frame.seq) && frame.seq > this.cursor) this.sync();
    }

    poll(delay) {
      if (!this.token || this.closed || this.live) return;
      const wait = delay === undefined ? pollDelay({ awaiting: this.awaiting || this.outgoing.some((item) => item.state === 'sent'), owner: this.owner, hidden: document.hidden }) : delay;
      this.after('poll', wait, async () => {
        if (this.net === 'ok' || !this.timers.wake) await this.sync();
        this.poll();
      });
    }

    /** Tells the agent that the citizen is writing; at most every few seconds, and it does not matter if it is lost. */
    writing() {
      if (this.owner !== 'agent' || Date.now() - (this.wroteAt || 0) < TYPING_SENT_EVERY_MS) return;
      this.wroteAt = Date.now();
      call('POST', 'chat/v1/typing', { token: this.token, body: {} });
    }

    /** @returns {Promise<boolean>} whether the server took it */
    async rate(seq, value, comment) {
      const body = { seq, value };
      if (comment) body.comment = comment;
      const answer = await call('POST', 'chat/v1/feedback', { token: this.token, body });
      if (answer.status === 401) this.expire();
      const message = this.messages.get(seq);
      if (answer.status === 204 && message) message.feedback = value;
      return answer.status === 204;
    }

    /** @returns {Promise<boolean>} whether the conversation is ended */
    async end() {
      const answer = await call('POST', 'chat/v1/end', { token: this.token, body: {} });
      if (answer.status === 401) { this.expire(); return true; }
      if (answer.status !== 200) return false;
      this.take(answer.data.messages || []);
      this.settle(answer.data.messages || []);
      this.own('closed', null);
      this.outgoing = [];
      this.persist();
      this.changed('messages');
      return true;
    }

    /** Falls silent: the page is leaving, or the element was taken out of it. wake() begins again. */
    pause() {
      this.dropSocket();
      for (const name of Object.keys(this.timers)) this.cancel(name);
    }
  }

  /* --------------------------------------------------------------------------------------------- Widget */

  const ICONS = {
    bubble: 'M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-5 4.5V16h.5A2.5 2.5 0 0 1 4 13.500zM8.500 8h7M8.500 11.500h4.500',
    close: 'M6 6l12 12M18 6L6 18', menu: 'M12 5.500v.01M12 12v.01M12 18.500v.01', send: 'M4 12h15M13 5.500 19.500 12 13 18.500', globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3.500 12h17M12 3c3 3 3.500 6 3.500 9s-.5 6-3.500 9c-3-3-3.500-6-3.500-9s.5-6 3.500-9',
    info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v5M12 7.800v.01', person: 'M12 4a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7M5 20c.6-3.600 3.400-5.500 7-5.500s6.400 1.900 7 5.500', up: 'M7 11v9H4v-9zM7 11l4-7.500c1.500 0 2.500 1 2.200 2.700L12.700 9.500H18a2 2 0 0 1 2 2.300l-1 6.200a2.300 2.300 0 0 1-2.300 2H7',
    down: 'M7 13V4H4v9zM7 13l4 7.500c1.500 0 2.500-1 2.200-2.700l-.5-3.300H18a2 2 0 0 0 2-2.300L19 6a2.300 2.300 0 0 0-2.300-2H7', out: 'M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9', latest: 'M12 5v13M6 12.500l6 6 6-6', end: 'M4 12h10M10 7.500 14.500 12 10 16.500M13 4h6v16h-6', fresh: 'M12 5v14M5 12h14',
    save: 'M12 4v11M7 10.500l5 5 5-5M5 20h14', print: 'M7 8V4h10v4M7 17H4v-8h16v8h-3M7 14h10v6H7z', copy: 'M9 9h10v11H9zM15 9V4H5v11h4', shield: 'M12 3l7 2.500v5.500c0 4.600-2.900 7.800-7 10-4.100-2.200-7-5.400-7-10V5.500z', clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.500 2', minus: 'M6 12h12',
  };

  const icon = (name, flip = false) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('class', flip ? 'flip' : `i-${name}`);
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    return svg;
  };

  /** An element; functions become listeners, false and null are left out, strings become text nodes. */
  const h = (tag, properties, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (typeof value === 'function') element.addEventListener(name, value);
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? '' : String(value));
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ''));
    return element;
  };

  const lineNodes = (line) => linkify(line).map(({ text, href }) => {
    if (!href) return text;
    return h('a', href.startsWith('tel:') ? { href, dir: 'ltr' } : { href, target: '_blank', rel: 'noopener noreferrer', dir: 'ltr' }, text);
  });

  const textNodes = (text) => blocks(text).map((block) => {
    if (block.kind === 'p') return h('p', null, block.lines.flatMap((line, at) => (at ? [h('br'), ...lineNodes(line)] : lineNodes(line))));
    return h(block.kind, block.start > 1 ? { start: block.start } : null, block.lines.map((line) => h('li', null, lineNodes(line))));
  });

  class Widget extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) { this.conversation.wake(); return; }
      this.memory = new Memory();
      this.config = { languages: EMBEDDED_LANGUAGES, texts: {}, bot_enabled: true };
      const wanted = this.memory.value.language || this.option('language') || document.documentElement.lang || 'sv';
      this.language = wanted.toLowerCase().split('-')[0];
      this.rows = new Map();
      this.labels = [];
      this.unread = 0;
      this.conversation = new Conversation(this.memory, (what, detail) => this.changed(what, detail));
      this.conversation.language = this.language;
      this.conversation.pageUrl = (this.option('page-url') || location.origin + location.pathname).slice(0, MAX_PAGE_URL);
      this.build();
      this.listenToBrowser();
      this.relabel();
      if (this.conversation.token || this.conversation.outgoing.length) this.begin();
      if (this.memory.value.open || (this.memory.value.open === undefined && this.option('open') === 'true')) this.open({ focus: false });
    }

    disconnectedCallback() {
      // Moved in the page: connectedCallback follows at once. Removed: be silent.
      queueMicrotask(() => { if (!this.isConnected) this.conversation.pause(); });
    }

    /** A setting from the element's data-* attribute, else from the script's. */
    option(name) {
      const value = this.getAttribute(`data-${name}`);
      return value === null ? SCRIPT && SCRIPT.getAttribute(`data-${name}`) : value;
    }

    /** The text of a key in the language shown; the server's catalogue first. */
    t(key, parameters = {}) {
      for (const language of [this.language, 'en', 'sv']) {
        const loaded = this.config.texts[language] || {};
        const text = loaded[`widget.${key}`] || loaded[key] || (EMBEDDED[language] || {})[key];
        if (text) return text.replace(/\{(\w+)\}/g, (_, name) => (parameters[name] === undefined ? '' : parameters[name]));
      }
      return key;
    }

    get direction() {
      const known = this.config.languages.find((one) => one.code === this.language);
      return known ? known.dir : RTL.has(this.language) ? 'rtl' : 'ltr';
    }

    /** Keeps a label right when the language changes. */
    label(element, key, attribute) {
      this.labels.push(() => {
        if (attribute) element.setAttribute(attribute, this.t(key)); else element.textContent = this.t(key);
      });
      return element;
    }

    /* ------------------------------------------------------------------------------ building the skeleton */

    build() {
      const shadow = this.attachShadow({ mode: 'open' });
      this.adopt(shadow);
      const iconButton = (name, key, click, flip) => this.label(h('button', { type: 'button', class: 'icon', click }, icon(name, flip)), key, 'aria-label');
      const text = (tag, key, properties) => this.label(h(tag, properties), key);
      const withText = (cls, name, key, click) => h('button', { type: 'button', class: cls, click }, icon(name), text('span', key));

      this.launcher = h('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', click: () => this.open() },
        icon('bubble'), this.launcherText = h('span'), this.badge = h('span', { class: 'badge', hidden: true, 'aria-hidden': 'true' }));
      this.arrivedStatus = h('div', { class: 'vh', role: 'status' });

      this.select = h('select', { change: () => this.chooseLanguage(this.select.value) });
      this.label(this.select, 'language', 'aria-label');
      this.languageCode = h('b', { 'aria-hidden': 'true' });
      this.menuButton = iconButton('menu', 'menu', () => this.toggleMenu());
      this.menuButton.setAttribute('aria-expanded', 'false');
      this.menuButton.setAttribute('aria-controls', 'menu');
      this.closeButton = iconButton('close', 'close', () => this.close());
      const head = h('div', { class: 'head' }, h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('bubble')),
        h('div', { class: 'who' }, text('h2', 'title', { id: 'title' }), this.whatLine = h('p', { id: 'what' })),
        h('div', { class: 'lang' }, icon('globe'), this.languageCode, this.select), this.menuButton, this.closeButton);

      this.smaller = iconButton('minus', 'smaller', () => this.resize(-1));
      this.larger = iconButton('fresh', 'larger', () => this.resize(1));
      const act = (task) => (event) => { this.toggleMenu(false); this.menuButton.focus(); task(event); };
      const privacy = safeUrl(this.option('privacy-url'));
      this.menuHuman = withText('', 'person', 'human_button', act((event) => this.askForHuman(event)));
      this.menuEnd = withText('', 'end', 'end', act(() => this.confirmEnd(true)));
      this.menuNew = withText('', 'fresh', 'new_conversation', act(() => this.newConversation()));
      this.menu = h('div', { class: 'menu', id: 'menu', hidden: true },
        h('div', { class: 'size', role: 'group', 'aria-labelledby': 'size' }, text('span', 'text_size', { id: 'size' }), h('div', null, this.smaller, this.larger)),
        this.menuHuman, withText('', 'copy', 'copy', act(() => this.copyTranscript())), withText('', 'save', 'download', act(() => this.saveTranscript())),
        withText('', 'print', 'print', act(() => this.printTranscript())),
        privacy && h('a', { href: privacy, target: '_blank', rel: 'noopener noreferrer' }, icon('shield'), text('span', 'privacy_link')), this.menuNew, this.menuEnd);

      this.aiStrip = h('p', { class: 'strip', id: 'ai' }, icon('info'), text('span', 'ai_notice'));
      this.ownerStrip = h('div', { class: 'strip', role: 'status', hidden: true });
      this.netStrip = h('div', { class: 'strip warn', role: 'status', hidden: true });
      this.log = this.label(h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', tabindex: 0, scroll: () => this.scrolled() }), 'log_label', 'aria-label');
      this.latest = h('button', { type: 'button', class: 'latest', hidden: true, click: () => { this.toBottom(); this.focusInput(); } }, icon('latest'), text('span', 'jump_to_latest'));
      this.typing = h('div', { class: 'typing', role: 'status' });
      this.alert = h('div', { class: 'alert', role: 'alert' });

      this.input = h('textarea', { rows: 1, id: 'input', autocomplete: 'off', enterkeyhint: 'send', dir: 'auto', 'aria-describedby': 'count',
        input: () => this.typed(), keydown: (event) => this.inputKey(event) });
      this.label(this.input, 'placeholder', 'placeholder');
      this.count = h('span', { class: 'count', id: 'count' });
      this.humanButton = withText('linkish', 'person', 'human_button', (event) => this.askForHuman(event));
      this.under = h('div', { class: 'under' }, this.humanButton, this.count);
      this.sendButton = h('button', { type: 'submit', class: 'sendb' }, icon('send', true));
      this.label(this.sendButton, 'send', 'aria-label');
      this.form = h('form', { submit: (event) => { event.preventDefault(); this.submit(); } },
        text('label', 'input_label', { for: 'input', class: 'vh' }), h('div', { class: 'compose' }, this.input, this.sendButton), this.under);
      this.endAsk = h('div', { class: 'ask', role: 'group', 'aria-labelledby': 'endq', hidden: true }, text('p', 'end_confirm', { id: 'endq' }),
        h('div', null, this.endYes = text('button', 'end_yes', { type: 'button', class: 'primary', click: () => this.endConversation() }),
          text('button', 'end_no', { type: 'button', class: 'plain', click: () => this.confirmEnd(false) })));
      this.endedBox = h('div', { class: 'ask', hidden: true }, text('p', 'ended'),
        h('div', null, this.newButton = text('button', 'new_conversation', { type: 'button', class: 'primary', click: () => this.newConversation() })));

      this.panel = h('section', { class: 'panel', role: 'dialog', 'aria-modal': 'false', 'aria-labelledby': 'title', 'aria-describedby': 'what', tabindex: -1, hidden: true },
        head, this.menu, this.aiStrip, this.ownerStrip, this.netStrip, h('div', { class: 'middle' }, this.log, this.latest), this.typing, this.alert,
        h('div', { class: 'foot' }, this.form, this.endAsk, this.endedBox));
      this.root = h('div', { class: 'root' }, this.launcher, this.arrivedStatus, this.panel);
      this.root.addEventListener('keydown', (event) => this.key(event));
      this.root.addEventListener('click', (event) => {
        if (!this.menu.hidden && !event.composedPath().some((one) => one === this.menu || one === this.menuButton)) this.toggleMenu(false);
      });
      shadow.append(this.root);
      // The corner is the page's affair: it must not change sides when the citizen writes Arabic.
      const pageIsRtl = getComputedStyle(document.documentElement).direction === 'rtl';
      if (['left', pageIsRtl ? 'end' : 'start'].includes(this.option('position') || 'end')) this.root.classList.add('left');
      this.setSize(this.memory.value.size || 0);
      this.input.value = this.memory.value.draft || '';
    }

    /** Constructed style sheets pass `style-src 'self'`; an older browser gets a <style> element. */
    adopt(shadow) {
      const accent = readableAccent((this.option('colour') || '').trim());
      const theme = this.option('theme') || 'auto';
      let css = CSS;
      if (theme === 'dark') css += `:host{${DARK}}`;
      if (theme === 'auto') css += `@media (prefers-color-scheme:dark){:host{${DARK}}}`;
      if (accent) css += `:host{--accent:${accent};--accent-strong:color-mix(in srgb,${accent} 80%,#000)}`;
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        shadow.adoptedStyleSheets = [sheet];
      } catch {
        shadow.append(h('style', null, css));
      }
    }

    listenToBrowser() {
      const awake = () => { if (this.active) this.conversation.wake(); };
      window.addEventListener('online', () => { this.showState(); this.conversation.attempt = 0; awake(); });
      window.addEventListener('offline', () => this.showState());
      document.addEventListener('visibilitychange', () => { if (!document.hidden && this.active) { this.conversation.sync(); awake(); } });
      window.addEventListener('pagehide', () => this.conversation.pause());
      window.addEventListener('pageshow', (event) => { if (event.persisted) awake(); });
      this.narrow = window.matchMedia('(max-width: 30em), (max-height: 30em)');
      this.narrow.addEventListener('change', () => this.fit());
      // A strip or a question that appears takes height from the log: whoever read the end still does.
      if (window.ResizeObserver) new ResizeObserver(() => { if (this.stuck) this.toBottom(); }).observe(this.log);
      if (window.visualViewport) for (const what of ['resize', 'scroll']) visualViewport.addEventListener(what, () => this.fit());
    }

    /** Full screen on phones, inside what the on-screen keyboard leaves. */
    fit() {
      const full = this.narrow.matches;
      this.root.classList.toggle('full', full);
      this.panel.setAttribute('aria-modal', String(full));
      const view = window.visualViewport;
      if (full && view && view.scale < 1.05) {
        const bottom = this.atBottom();
        this.panel.style.setProperty('--top', `${view.offsetTop}px`);
        this.panel.style.setProperty('--height', `${view.height}px`);
        if (bottom) this.toBottom();
      } else {
        this.panel.style.removeProperty('--top');
        this.panel.style.removeProperty('--height');
      }
    }

    /* --------------------------------------------------------------------------------- opening and closing */

    /** Loads the texts and the conversation; called when the citizen first opens, or when a conversation is under way. */
    begin() {
      if (this.active) return;
      this.active = true;
      this.loadConfig();
      this.conversation.wake();
    }

    async loadConfig(attempt = 0) {
      const answer = await call('GET', 'chat/v1/config');
      if (answer.status === 200 && answer.data && Array.isArray(answer.data.languages)) {
        this.config = { texts: {}, ...answer.data };
        if (!this.config.languages.length) this.config.languages = EMBEDDED_LANGUAGES;
        this.relabel();
      } else {
        setTimeout(() => this.loadConfig(attempt + 1), backOff(attempt));
      }
    }

    /** Opens the chat; public, the page may call it. */
    open({ focus = true } = {}) {
      if (!this.panel.hidden) return;
      this.fit();
      this.panel.hidden = false;
      this.launcher.hidden = true;
      this.launcher.setAttribute('aria-expanded', 'true');
      this.memory.write({ open: true });
      this.unread = 0;
      this.showUnread();
      this.grow();
      this.begin();
      if (!this.conversation.token) this.conversation.start();
      this.toBottom();
      // On a touch screen the field would bring up the keyboard over the greeting.
      if (focus) { if (window.matchMedia('(pointer: coarse)').matches) this.panel.focus(); else this.focusInput(); }
    }

    /** Closes the chat; the conversation goes on. */
    close() {
      if (this.panel.hidden) return;
      this.toggleMenu(false);
      this.panel.hidden = true;
      this.launcher.hidden = false;
      this.launcher.setAttribute('aria-expanded', 'false');
      this.memory.write({ open: false });
      this.launcher.focus();
    }

    focusInput() {
      if (!this.form.hidden) this.input.focus(); else if (!this.endedBox.hidden) this.newButton.focus(); else this.panel.focus();
    }

    key(event) {
      if (event.key === 'Escape' && !event.isComposing) {
        event.stopPropagation();
        if (!this.menu.hidden) { this.toggleMenu(false); this.menuButton.focus(); } else if (!this.endAsk.hidden) this.confirmEnd(false); else this.close();
      } else if (event.key === 'Tab' && this.root.classList.contains('full')) {
        // Full screen hides the page, so focus must not wander off into it.
        const stops = [...this.panel.querySelectorAll('button,a[href],select,textarea,[tabindex="0"]')].filter((one) => one.getClientRects().length);
        const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
        const here = this.shadowRoot.activeElement;
        if (here === edge || here === this.panel && event.shiftKey) {
          event.preventDefault();
          (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
        }
      }
    }

    toggleMenu(show = this.menu.hidden) {
      this.menu.hidden = !show;
      this.menuButton.setAttribute('aria-expanded', String(show));
      if (show) this.larger.focus();
    }

    setSize(size) {
      this.size = Math.max(0, Math.min(SIZES.length - 1, size));
      this.panel.style.fontSize = `${SIZES[this.size]}em`;
      this.smaller.setAttribute('aria-disabled', String(this.size === 0));
      this.larger.setAttribute('aria-disabled', String(this.size === SIZES.length - 1));
    }

    resize(step) {
      const bottom = this.atBottom();
      this.setSize(this.size + step);
      this.memory.write({ size: this.size });
      this.grow();
      if (bottom) this.toBottom();
    }

    /* -------------------------------------------------------------------------------------------- language */

    relabel() {
      const known = this.config.languages;
      this.root.lang = this.language;
      this.root.dir = this.direction;
      for (const label of this.labels) label();
      this.launcherText.textContent = this.option('greeting') || this.t('title');
      this.languageCode.textContent = this.language;
      const shown = known.some((one) => one.code === this.language) ? known : [...known, { code: this.language, name: this.language }];
      this.select.replaceChildren(...shown.map((one) => h('option', { value: one.code, lang: one.code }, one.name)));
      this.select.value = this.language;
      // In place: a message that has just come would otherwise be taken away before a screen reader has read it.
      for (const element of this.log.querySelectorAll('[data-t]')) element.textContent = this.t(element.dataset.t);
      for (const element of this.log.querySelectorAll('[data-a]')) element.setAttribute('aria-label', this.t(element.dataset.a));
      for (const element of this.log.querySelectorAll('[data-updated]')) element.replaceWith(this.updated(element.dataset.updated));
      this.showUnread();
      this.showState();
      this.typed();
      this.toBottom();
    }

    useLanguage(language) {
      if (language === this.language) return;
      this.language = language;
      this.conversation.language = language;
      this.memory.write({ language });
      this.relabel();
    }

    chooseLanguage(language) {
      this.useLanguage(language);
      this.chosenAt = Math.max(0, ...this.conversation.messages.keys());
      clearTimeout(this.languageTimer);
      this.languageTimer = setTimeout(() => {
        const { name } = this.config.languages.find((one) => one.code === language) || {};
        if (!this.conversation.closed) this.conversation.say({ payload: `language:${language}`, label: name || language });
      }, LANGUAGE_SETTLE_MS);
    }

    /* ---------------------------------------------------------------------------------------------- saying */

    inputKey(event) {
      // 229: the key belongs to an input method that is composing (Safari says so only this way).
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
        event.preventDefault();
        this.submit();
      }
    }

    typed() {
      const used = countCharacters(this.input.value);
      const left = MAX_CHARACTERS - used;
      this.count.textContent = used >= COUNTER_FROM ? this.t('chars_left', { n: left }) : '';
      this.count.classList.toggle('over', left < 0);
      if (left >= 0 && this.input.hasAttribute('aria-invalid')) { this.input.removeAttribute('aria-invalid'); this.warn(''); }
      this.grow();
      clearTimeout(this.draftTimer);
      this.draftTimer = setTimeout(() => this.memory.write({ draft: this.input.value }), 300);
      if (this.input.value) this.conversation.writing();
    }

    grow() {
      this.input.style.height = 'auto';
      if (this.input.scrollHeight) this.input.style.height = `${this.input.scrollHeight + 3}px`;
    }

    submit() {
      const text = this.input.value.trim();
      if (!text) { this.input.focus(); return; }
      if (countCharacters(text) > MAX_CHARACTERS) {
        this.input.setAttribute('aria-invalid', 'true');
        this.warn(this.t('too_long'));
        this.input.focus();
        return;
      }
      this.input.value = '';
      clearTimeout(this.draftTimer);
      this.memory.write({ draft: '' });
      this.warn('');
      this.typed();
      this.conversation.say({ text, label: text });
      this.toBottom();
      this.input.focus();
    }

    /**
     * Whether a press counts, or is the second half of a double click. After the first half the log has moved: the second
     * may land on another button, so the click count of the event decides, and the clock only for the same button.
     */
    mayPress(what, event) {
      const now = Date.now();
      if (event.detail > 1 || (this.pressed && this.pressed.what === what && now - this.pressed.at < PRESS_GUARD_MS)) return false;
      this.pressed = { what, at: now };
      return true;
    }

    press(button, element, event) {
      if (element.getAttribute('aria-disabled') === 'true') return;
      if (this.conversation.outgoing.some((item) => item.payload === button.payload && item.state === 'queued') || !this.mayPress(button.payload, event)) return;
      this.warn('');
      this.conversation.say({ payload: button.payload, label: button.title });
      const chosen = /^language:(\w+)$/.exec(button.payload);
      if (chosen && this.config.languages.some((one) => one.code === chosen[1])) {
        this.chosenAt = Math.max(0, ...this.conversation.messages.keys());
        this.useLanguage(chosen[1]);
      }
      this.toBottom();
      this.focusInput();
    }

    /** The wish is sent as words: "a human" is understood in every language, with every part of the assistant down. */
    askForHuman(event) {
      const text = this.t('human_button');
      if (this.conversation.closed || this.conversation.outgoing.some((item) => item.text === text)) return;
      if (!this.mayPress('human', event)) return;
      this.conversation.say({ text, label: text });
      this.toBottom();
      this.focusInput();
    }

    confirmEnd(show) {
      if (show && this.conversation.closed) return;
      this.endAsk.hidden = !show;
      this.showState();
      if (show) this.endYes.focus(); else this.focusInput();
    }

    async endConversation() {
      if (this.ending) return;
      this.ending = true;
      const done = await this.conversation.end();
      this.ending = false;
      if (!done) { this.warn(`${this.t('reconnecting')} ${this.t('retry')}.`); return; }
      this.endAsk.hidden = true;
      this.memory.write({ draft: '' });
      this.input.value = '';
      this.showState();
      this.newButton.focus();
    }

    newConversation() {
      this.warn('');
      // What could not be sent in the ended conversation goes back into the field, for the citizen to decide about.
      const unsent = this.conversation.outgoing.filter((item) => item.text && item.state !== 'sent').map((item) => item.text);
      if (unsent.length && !this.input.value) this.input.value = unsent.join('\n');
      this.conversation.renew();
      this.showState();
      this.focusInput();
    }

    /* --------------------------------------------------------------------------------------------- showing */

    changed(what, detail) {
      if (!this.root) return;
      if (what === 'messages') {
        if (detail && detail.history) this.quietly(() => this.showMessages()); else this.showMessages();
        this.showState();
      } else if (what === 'state') this.showState();
      else if (what === 'expired') { this.conversation.wanted = !this.panel.hidden; this.warn(this.t('expired')); this.pressed = null; }
      else if (what === 'error') this.warn(this.t(detail || 'failed'), Boolean(detail));
      else if (what === 'arrived') this.arrived(detail);
    }

    arrived(message) {
      if (message.author === 'bot' && message.seq > (this.chosenAt || 0) && this.config.languages.some((one) => one.code === message.language)) this.useLanguage(message.language);
      if (!this.panel.hidden) return;
      this.unread += 1;
      this.showUnread();
      this.arrivedStatus.textContent = this.t('new_message');
    }

    showUnread() {
      this.badge.hidden = this.unread === 0;
      this.badge.textContent = String(this.unread);
      const name = `${this.launcherText.textContent} – ${this.t('open')}`;
      this.launcher.setAttribute('aria-label', this.unread ? `${name} (${this.t('new_message')}: ${this.unread})` : name);
      if (!this.unread) this.arrivedStatus.textContent = '';
    }

    /** An error, read out at once; `spoken` when it can already be seen beside the message it is about. */
    warn(text, spoken = false) {
      this.alert.classList.toggle('vh', spoken);
      this.alert.textContent = text;
    }

    /** Changes the log without a screen reader reading it all again. */
    quietly(act) {
      this.log.setAttribute('aria-live', 'off');
      act();
      // Two frames: the change must have been painted before the region is live again.
      requestAnimationFrame(() => requestAnimationFrame(() => this.log.setAttribute('aria-live', 'polite')));
    }

    showState() {
      const talk = this.conversation;
      const messages = [...talk.messages.values()];
      const answered = messages.some((one) => one.author === 'citizen') && messages.some((one, at) => one.author !== 'citizen' && at > 0);
      this.aiStrip.hidden = answered;
      const strip = (element, cls, name, text) => {
        element.hidden = !text;
        const now = `${cls}|${text}`;
        if (element.dataset.now === now) return;
        element.dataset.now = now;
        element.className = `strip ${cls}`;
        element.replaceChildren(...(text ? [icon(name), h('span', null, text)] : []));
      };
      const owner = talk.owner === 'queue' ? (talk.queue ? this.t('queue_position', { position: talk.queue }) : this.t('queue_waiting'))
        : talk.owner === 'agent' ? [this.t('agent'), talk.agentName].filter(Boolean).join(': ') : '';
      strip(this.ownerStrip, talk.owner === 'agent' ? 'agent' : '', talk.owner === 'agent' ? 'person' : 'clock', owner);
      const notice = typeof this.config.notice === 'object' && this.config.notice ? this.config.notice[this.language] || this.config.notice.sv : this.config.notice;
      const net = navigator.onLine === false ? this.t('offline') : talk.net === 'not_ready' ? this.t('not_ready') : talk.net === 'lost' ? this.t('reconnecting') : notice || '';
      strip(this.netStrip, 'warn', net === notice ? 'info' : 'clock', net);

      // Says at every moment what one is writing to: a machine, or by now a person.
      const what = this.t(talk.owner === 'agent' ? 'agent' : 'ai_label');
      if (this.whatLine.textContent !== what) this.whatLine.textContent = what;
      const typing = talk.typing === 'agent' ? this.t('typing_agent', { name: talk.agentName }) : (talk.typing === 'bot' || talk.awaiting) && talk.owner === 'bot' && talk.net === 'ok' ? this.t('typing_bot') : '';
      if (this.typing.dataset.now !== typing) {
        this.typing.dataset.now = typing;
        this.typing.replaceChildren(...(typing ? [h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), h('span', null, typing)] : []));
      }
      const asking = !this.endAsk.hidden && !talk.closed;
      this.endAsk.hidden = !asking;
      this.form.hidden = talk.closed || asking;
      this.endedBox.hidden = !talk.closed;
      this.menuEnd.hidden = talk.closed || !talk.token;
      this.menuNew.hidden = !talk.closed;
      this.humanButton.hidden = this.menuHuman.hidden = talk.owner !== 'bot';
      if (!messages.length && !talk.outgoing.length) {
        if (!this.hint) this.log.append(this.hint = h('p', { class: 'hint' }));
        this.hint.textContent = net && net !== notice ? '' : this.t('connecting');
      } else if (this.hint) { this.hint.remove(); this.hint = null; }
    }

    showMessages() {
      const bottom = this.atBottom();
      const entries = this.conversation.timeline();
      const lastCitizen = entries.reduce((last, entry, at) => (entry.author === 'citizen' && entry.state !== 'failed' ? at : last), -1);
      const kept = new Set();
      let place = this.log.firstChild;
      let previous = '';
      let firstNew = null;
      entries.forEach((entry, at) => {
        const key = entry.client_message_id && entry.author === 'citizen' ? `c:${entry.client_message_id}` : `s:${entry.seq}`;
        kept.add(key);
        let row = this.rows.get(key);
        if (!row) {
          row = this.row(entry);
          this.rows.set(key, row);
          if (this.log.getAttribute('aria-live') === 'polite') row.classList.add('fresh');
          if (!firstNew && entry.author !== 'citizen') firstNew = row;
        }
        this.refresh(row, entry, lastCitizen > at);
        const speaker = `${entry.author}|${entry.agent_name || ''}`;
        row.classList.toggle('cont', speaker === previous);
        previous = speaker;
        if (row === place) place = place.nextSibling; else this.log.insertBefore(row, place);
      });
      for (const [key, row] of this.rows) if (!kept.has(key)) { row.remove(); this.rows.delete(key); }
      if (bottom) this.follow(firstNew); else if (firstNew) this.latest.hidden = false;
    }

    speaker(author, name) {
      if (author === 'agent') return name || this.t('agent');
      return this.t(author === 'citizen' ? 'you' : author === 'system' ? 'system' : 'assistant');
    }

    /** The name shown over a message: an agent's own, else the role's in the language shown. */
    speakerName(author, name) {
      const role = { citizen: 'you', system: 'system', agent: 'agent' }[author] || 'assistant';
      return author === 'agent' && name ? h('b', null, name) : this.word('b', role);
    }

    /** An element in the log with a text of the catalogue; relabel() keeps it right. */
    word(tag, key, properties) { return h(tag, { ...properties, 'data-t': key }, this.t(key)); }

    row(entry) {
      const time = entry.created_at && new Date(entry.created_at);
      const row = h('div', { class: `row ${['citizen', 'bot', 'agent', 'system'].includes(entry.author) ? entry.author : 'system'}` },
        h('div', { class: 'by' }, this.speakerName(entry.author, entry.agent_name), h('span', { class: 'vh' }, ':'),
          time && !Number.isNaN(time.getTime()) && entry.author !== 'citizen' && h('time', { datetime: entry.created_at }, this.format(time, { timeStyle: 'short' }))));
      row.body = h('div', { class: 'text' });
      row.bubble = h('div', { class: 'bubble' }, row.body);
      row.append(row.bubble);
      if (String(entry.outcome || '').startsWith('emergency')) row.classList.add('urgent');
      const facts = this.facts(entry);
      if (facts) { row.bubble.append(facts); row.classList.add('wide'); }
      if (entry.preview) row.append(this.preview(entry.preview));
      if (entry.buttons && entry.buttons.length) row.append(row.choices = this.choices(entry));
      if (entry.wants_feedback || entry.feedback) row.append(this.rating(entry));
      return row;
    }

    /** What may change in a row after it is shown: the server's (masked) wording, its delivery state, stale consent buttons. */
    refresh(row, entry, overtaken) {
      if (row.shown !== entry.text) {
        row.shown = entry.text;
        row.body.replaceChildren(...textNodes(entry.text || ''));
      }
      if (entry.language) row.body.lang = entry.language; else row.body.removeAttribute('lang');
      row.body.dir = entry.dir || 'auto';
      if (entry.preview && row.choices) for (const one of row.choices.querySelectorAll('button')) one.setAttribute('aria-disabled', String(overtaken || this.conversation.closed));
      const state = entry.state || '';
      if (row.dataset.state === state) return;
      row.dataset.state = state;
      if (row.delivery) { row.delivery.remove(); row.delivery = null; }
      if (!state) return;
      const words = { queued: 'sending', sent: 'sent', failed: 'failed' };
      row.append(row.delivery = h('div', { class: `state ${state}`, 'aria-live': 'off' }, this.word('span', state === 'failed' ? entry.error || 'failed' : words[state]),
        state === 'failed' && this.word('button', 'retry', { type: 'button', class: 'plain', click: () => { this.warn(''); this.conversation.retry(entry.client_message_id); this.focusInput(); } })));
    }

    format(date, options) {
      try { return new Intl.DateTimeFormat([this.language, 'sv'], options).format(date); } catch { return date.toISOString().slice(0, 10); }
    }

    facts(entry) {
      const parts = [];
      const anchors = (list) => (list || []).map((one) => {
        const href = safeUrl(one.url);
        const name = [one.title || one.url, one.year && `(${one.year})`].filter(Boolean).join(' ');
        return h('li', null, href ? h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, h('span', { dir: 'auto' }, name), icon('out', true), this.word('span', 'new_tab', { class: 'vh' })) : name);
      });
      if (entry.links && entry.links.length) parts.push(h('div', null, this.word('h3', 'links'), h('ul', null, anchors(entry.links))));
      if (entry.sources && entry.sources.length) parts.push(h('div', null, this.word('h3', 'sources'), h('ul', null, anchors(entry.sources))));
      if (entry.updated) parts.push(this.updated(entry.updated));
      return parts.length ? h('div', { class: 'facts' }, parts) : null;
    }

    updated(value) {
      const date = new Date(value);
      const shown = Number.isNaN(date.getTime()) ? value : this.format(date, { dateStyle: 'long', timeZone: 'UTC' });
      return h('p', { 'data-updated': value }, `${this.t('updated')} `, h('time', { datetime: value }, shown));
    }

    choices(entry) {
      const related = Boolean(entry.article_id) && entry.buttons.every((button) => button.article_id);
      const short = entry.buttons.every((button) => countCharacters(button.title || '') <= 18);
      const id = `choices-${entry.seq}`;
      return h('div', { class: short ? 'choices inline' : 'choices', role: 'group', ...(related ? { 'aria-labelledby': id } : { 'aria-label': this.speaker(entry.author, entry.agent_name) }) }, related && this.word('h3', 'related', { id }),
        entry.buttons.map((button) => {
          const code = /^language:(\w+)$/.exec(button.payload || '');
          const element = h('button', { type: 'button', class: 'choice', dir: 'auto', lang: code ? code[1] : entry.language || false, click: (event) => this.press(button, element, event) }, button.title);
          return element;
        }));
    }

    preview(preview) {
      const name = (this.config.languages.find((one) => one.code === preview.language) || {}).name || preview.language;
      const rows = [['preview_topic', preview.topic], ['preview_department', preview.department], ['preview_language', name]].filter(([, value]) => value);
      const said = preview.messages || [];
      return h('div', { class: 'card', role: 'group', 'aria-label': this.t('preview_title'), 'data-a': 'preview_title' }, h('h3', null, icon('shield'), this.word('span', 'preview_title')),
        rows.length > 0 && h('dl', null, rows.flatMap(([key, value]) => [this.word('dt', key), h('dd', { dir: 'auto' }, String(value))])),
        said.length ? h('ol', { tabindex: 0, 'aria-label': this.t('preview_title'), 'data-a': 'preview_title' }, said.map((one) => h('li', null, this.speakerName(one.author), h('div', { class: 'text', dir: 'auto', lang: one.language || false }, textNodes(one.text || '')))))
          : this.word('p', 'preview_nothing'));
    }

    rating(entry) {
      const box = h('div');
      const thanks = h('p', { role: 'status' });
      const thumbs = ['up', 'down'].map((value) => h('button', { type: 'button', class: 'choice', 'data-value': value, 'aria-pressed': String(entry.feedback === value), click: () => rate(value) },
        icon(value), this.word('span', value === 'up' ? 'helpful' : 'not_helpful')));
      let busy = false;
      let comment = null;
      const rate = async (value) => {
        if (busy) return;
        busy = true;
        const done = await this.conversation.rate(entry.seq, value);
        busy = false;
        if (!done) { this.warn(this.t('failed')); return; }
        for (const thumb of thumbs) thumb.setAttribute('aria-pressed', String(thumb.dataset.value === value));
        thanks.textContent = this.t('thanks');
        if (comment) comment.remove();
        comment = null;
        if (value === 'up') return; // the question is what was missing
        const id = `comment-${entry.seq}`;
        const field = h('textarea', { id, rows: 2, maxlength: 1000, dir: 'auto' });
        box.append(comment = h('form', { class: 'comment', submit: async (event) => {
          event.preventDefault();
          if (busy || !field.value.trim()) return;
          busy = true;
          const taken = await this.conversation.rate(entry.seq, value, field.value.trim());
          busy = false;
          if (!taken) { this.warn(this.t('failed')); return; }
          comment.remove();
          comment = null;
          thanks.textContent = this.t('thanks');
          this.focusInput();
        } }, this.word('label', 'comment_label', { for: id }), field, this.word('button', 'comment_send', { type: 'submit', class: 'plain' })));
        box.scrollIntoView({ block: 'nearest' });
      };
      box.append(h('div', { class: 'rate', role: 'group', 'aria-label': `${this.t('helpful')} / ${this.t('not_helpful')}` }, thumbs, thanks));
      return box;
    }

    /* ------------------------------------------------------------------------------------------- scrolling */

    atBottom() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80; }

    toBottom() { this.log.scrollTop = this.log.scrollHeight; this.latest.hidden = true; }

    /** Keeps up with what is said, but never scrolls the beginning of a long new message out of sight. */
    follow(row) {
      this.toBottom();
      if (!row) return;
      const top = row.offsetTop - this.log.offsetTop - 8;
      if (this.log.scrollTop > top) this.log.scrollTop = top;
    }

    scrolled() {
      this.stuck = this.atBottom();
      if (this.stuck) this.latest.hidden = true;
    }

    /* ------------------------------------------------------------------------------------------ transcript */

    transcript() {
      return this.conversation.timeline().map((one) => {
        const time = one.created_at ? ` (${this.format(new Date(one.created_at), { dateStyle: 'short', timeStyle: 'short' })})` : '';
        const sources = (one.sources || []).map((source) => `${this.t('sources')}: ${source.title || ''} ${source.url}`);
        return [`${this.speaker(one.author, one.agent_name)}${time}:`, one.text, ...sources].join('\n');
      }).join('\n\n');
    }

    async copyTranscript() {
      const text = this.transcript();
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        // No clipboard API outside secure contexts: the old way, with a field that is there for a moment.
        const field = h('textarea', { class: 'vh', readonly: true, 'aria-hidden': 'true' });
        field.value = text;
        this.panel.append(field);
        field.select();
        document.execCommand('copy');
        field.remove();
        this.menuButton.focus();
      }
      this.typing.dataset.now = '';
      this.typing.textContent = this.t('copied');
    }

    saveTranscript() {
      const url = URL.createObjectURL(new Blob([this.transcript()], { type: 'text/plain;charset=utf-8' }));
      const link = h('a', { href: url, download: `fraga-goteborg-${new Date().toISOString().slice(0, 10)}.txt` });
      this.root.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    }

    printTranscript() {
      const frame = h('iframe', { class: 'vh', 'aria-hidden': 'true', tabindex: -1 });
      this.root.append(frame);
      const inside = frame.contentDocument;
      inside.documentElement.lang = this.language;
      inside.documentElement.dir = this.direction;
      inside.title = this.t('title');
      const heading = inside.createElement('h1');
      heading.textContent = this.t('title');
      const body = inside.createElement('div');
      body.style.cssText = 'white-space:pre-wrap;font:12pt/1.5 sans-serif';
      body.textContent = this.transcript();
      inside.body.append(heading, body);
      frame.contentWindow.addEventListener('afterprint', () => frame.remove());
      frame.contentWindow.print();
    }
  }

  customElements.define(TAG, Widget);

  const place = () => { if (!document.querySelector(TAG)) document.body.append(document.createElement(TAG)); };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', place); else place();
})();

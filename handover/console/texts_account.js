// What the console says about the own account, in Swedish and English. The same keys in both.

export const ACCOUNT = {
  sv: {
    "login.oidc": "Logga in med organisationens konto", "login.oidc_unavailable": "Organisationens inloggning svarar inte. Försök igen om en stund.", "login.oidc_state": "Inloggningen tog för lång tid eller avbröts. Försök igen.", "login.oidc_denied": "Inloggningen avbröts.", "login.oidc_refused": "Inloggningen kunde inte bekräftas. Försök igen.",
    "login.oidc_no_role": "Ditt konto har ingen roll här. Be din chef eller en administratör.", "login.oidc_no_email": "Ditt konto saknar en bekräftad e-postadress.", "login.oidc_exists": "Det finns redan ett lokalt konto med din adress. Be en administratör.", "login.oidc_deactivated": "Ditt konto är avstängt här.",
    "account": "Ditt konto", "account.sessions": "Här är du inloggad", "account.sessions_lead": "Avsluta det du inte känner igen, och byt sedan lösenord.",
    "account.client": "Webbläsare", "account.unknown": "Okänd", "account.since": "Inloggad", "account.seen": "Senast använd", "account.method": "Hur", "account.end": "Avsluta", "account.this": "Den här", "account.ended": "Inloggningen är avslutad.",
    "method.password": "Lösenord", "method.totp": "Lösenord och kod", "method.recovery": "Lösenord och reservkod", "method.oidc": "Organisationens inloggning",
    "factor.title": "Tvåstegsinloggning", "factor.on": "På. Inloggningen frågar efter en kod.", "factor.off": "Av. Med en kodapp i telefonen räcker det inte att någon får veta ditt lösenord.", "factor.must": "Din roll måste ha tvåstegsinloggning. Sätt upp den för att fortsätta.",
    "factor.begin": "Sätt upp", "factor.scan": "Läs av rutan med din kodapp, eller skriv in nyckeln.", "factor.qr": "QR-kod med nyckeln nedan", "factor.secret": "Nyckel", "factor.code": "Kod ur appen", "factor.confirm": "Slå på", "factor.bad_code": "Koden är fel eller för gammal. Skriv den som syns nu.",
    "factor.recovery": "Dina reservkoder", "factor.recovery_lead": "Var och en fungerar en gång, om telefonen är borta. Spara dem nu: de visas inte igen.", "factor.saved": "Jag har sparat dem",
    "factor.remove": "Stäng av", "factor.remove_code": "Kod, för att stänga av", "factor.removed": "Tvåstegsinloggningen är avstängd.", "factor.external": "Din organisations inloggning sköter det här.",
  },
  en: {
    "login.oidc": "Log in with the organisation's account", "login.oidc_unavailable": "The organisation's login does not answer. Try again in a while.", "login.oidc_state": "The login took too long or was interrupted. Try again.", "login.oidc_denied": "The login was cancelled.", "login.oidc_refused": "The login could not be confirmed. Try again.",
    "login.oidc_no_role": "Your account has no role here. Ask your manager or an administrator.", "login.oidc_no_email": "Your account has no confirmed e-mail address.", "login.oidc_exists": "There is a local account with your address already. Ask an administrator.", "login.oidc_deactivated": "Your account is deactivated here.",
    "account": "Your account", "account.sessions": "Where you are logged in", "account.sessions_lead": "End what you don't recognise, then change your password.",
    "account.client": "Browser", "account.unknown": "Unknown", "account.since": "Logged in", "account.seen": "Last used", "account.method": "How", "account.end": "End", "account.this": "This one", "account.ended": "The login has ended.",
    "method.password": "Password", "method.totp": "Password and code", "method.recovery": "Password and recovery code", "method.oidc": "The organisation's login",
    "factor.title": "Two-step login", "factor.on": "On. The login asks for a code.", "factor.off": "Off. With an authenticator app on your phone, knowing your password is not enough.", "factor.must": "Your role must have two-step login. Set it up to go on.",
    "factor.begin": "Set up", "factor.scan": "Scan the square with your authenticator app, or type the key.", "factor.qr": "QR code of the key below", "factor.secret": "Key", "factor.code": "Code from the app", "factor.confirm": "Turn on", "factor.bad_code": "The code is wrong or too old. Type the one shown now.",
    "factor.recovery": "Your recovery codes", "factor.recovery_lead": "Each works once, if your phone is gone. Save them now: they are not shown again.", "factor.saved": "I have saved them",
    "factor.remove": "Turn off", "factor.remove_code": "Code, to turn it off", "factor.removed": "Two-step login is off.", "factor.external": "Your organisation's login takes care of this.",
  },
};

// What an agent likes on this computer: language of the console, light or dark, sound. Kept in the browser only.

const KEY = "fraga-desk-preferences";
const FALLBACK = { language: "sv", theme: "system", sound: false, notices: false };

function read() {
  try {
    return { ...FALLBACK, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { ...FALLBACK };
  }
}

export const preferences = read();

export function prefer(changes) {
  Object.assign(preferences, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // A browser that keeps nothing still works, until the page is closed.
  }
  apply();
}

export function apply() {
  document.documentElement.lang = preferences.language;
  document.documentElement.dataset.theme = preferences.theme;
}

let audio = null;

/** A short, soft tone, if the agent switched sound on. */
export function chime() {
  if (!preferences.sound) return;
  if (navigator.userActivation?.hasBeenActive === false) return; // made before the first press on the page, it would stay silent for good
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.35);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.35);
}

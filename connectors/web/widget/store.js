/*
 * The browser's storage: what must outlive a reload, in the one key that may.
 */

/** The one key in sessionStorage. Where storage is refused (sandboxed frame, blocked by the reader) it lives in memory. */
class Memory {
  constructor() {
    this.value = {};
    try { this.value = JSON.parse(sessionStorage.getItem(STORAGE_KEY)) || {}; } catch { /* memory only */ }
    // Some pages teach lists a toJSON of their own: then a list comes back as its text.
    const { pending } = this.value;
    try { this.value.pending = [].concat(typeof pending === 'string' ? JSON.parse(pending) : pending || []); } catch { this.value.pending = []; }
  }
  write(patch) {
    Object.assign(this.value, patch);
    try { sessionStorage.setItem(STORAGE_KEY, JSON.stringify(this.value)); } catch { /* memory only */ }
  }
}

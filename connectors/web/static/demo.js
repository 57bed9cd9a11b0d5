// The page's own button opens the chat: this is all a page needs to do.
document.getElementById('oppna-chatten').addEventListener('click', () => document.querySelector('fraga-goteborg').open());

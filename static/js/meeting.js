// The live meeting by keyboard: F6 goes round its parts, Shift+F6 back; Ctrl+Enter sends the note being typed.
// Without script the links and the skip links at the top of the page do the same as F6.

const parts = () => [...document.querySelectorAll("[data-part]")].filter((part) => part.offsetParent !== null);

const next = (step) => {
  const all = parts();
  const here = all.findIndex((part) => part.contains(document.activeElement));
  const from = here === -1 && step < 0 ? 0 : here;
  const part = all[(from + step + all.length) % all.length];
  part.tabIndex = -1;
  part.focus();
};

document.addEventListener("keydown", (event) => {
  if (event.key === "F6" && !event.ctrlKey && !event.altKey) {
    event.preventDefault();
    next(event.shiftKey ? -1 : 1);
  }
  const form = event.target.closest("form[data-quick]");
  if (event.key === "Enter" && event.ctrlKey && form) {
    event.preventDefault();
    form.requestSubmit();
  }
});

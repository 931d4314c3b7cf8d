// Asks before a page is left with typed text that has not been sent. Nothing typed is kept in the browser.
// A form that is saved in another way says so with data-saved-elsewhere.

const changed = new Set();
const sent = new Set();

for (const form of document.querySelectorAll("form[method=post]:not([data-saved-elsewhere])")) {
  form.addEventListener("input", () => changed.add(form));
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) sent.add(form);
  });
}

window.addEventListener("beforeunload", (event) => {
  const lost = [...changed].some((form) => !sent.has(form));
  if (lost) event.preventDefault();
});

// Coming back with the browser's Back button shows the old page again: what was sent then may be sent anew.
window.addEventListener("pageshow", () => sent.clear());

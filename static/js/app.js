// Wakes the GOV.UK components and the frame of every page. Nothing here is needed to use a page.

const own = document.querySelector("script[data-govuk]");

// The package's file name changes with its content, so the page says where it is.
const { initAll } = await import(own.dataset.govuk);
initAll();

// On a narrow page search and menu are two buttons in the header; without script both stand open.
for (const button of document.querySelectorAll("[data-opens]")) {
  const panel = document.getElementById(button.dataset.opens);
  const toggle = (open) => {
    button.setAttribute("aria-expanded", String(open));
    panel.classList.toggle("app-opens--open", open);
  };
  button.addEventListener("click", () => {
    const opening = button.getAttribute("aria-expanded") !== "true";
    toggle(opening);
    if (opening) panel.querySelector("input:not([type=hidden]), a")?.focus();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && button.getAttribute("aria-expanded") === "true") {
      toggle(false);
      button.focus();
    }
  });
}

// "/" goes to the search, except while somebody types.
const search = document.getElementById("app-search");
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (!search || event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const opener = document.querySelector('[data-opens="app-search-form"]');
  if (search.offsetParent === null) opener?.click();
  search.focus();
});

// A page asked for to be printed, and recorded as that, opens the browser's own dialogue.
if (document.querySelector("[data-print]")) window.print();

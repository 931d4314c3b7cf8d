// Runs before the page is drawn, so that what only a script can open is not first shown and then folded.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}

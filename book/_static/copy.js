// A button in each block of code, which copies it. It says "Copied" only where the browser has
// done so; where it refuses, the code is selected, to be copied by hand.
(function () {
  "use strict";
  const RESTS = 2500; // milliseconds
  const said = document.createElement("p");
  said.className = "copy-said";
  said.setAttribute("role", "status");

  async function write(code) {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return true;
    } catch {
      getSelection().selectAllChildren(code);
      try {
        return document.execCommand("copy"); // pages of a folder, and old browsers
      } catch {
        return false;
      }
    }
  }

  async function copy(button, code) {
    const done = await write(code);
    const word = done ? "Copied" : "Not copied, but selected";
    button.classList.add(done ? "success" : "selected");
    button.dataset.said = said.textContent = word;
    setTimeout(() => {
      button.classList.remove("success", "selected");
      delete button.dataset.said;
      said.textContent = "";
    }, RESTS);
  }

  for (const code of document.querySelectorAll("div.highlight pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copybtn";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", () => copy(button, code));
    code.after(button);
  }
  document.body.append(said);
})();

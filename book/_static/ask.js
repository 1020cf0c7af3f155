// The questions of a page (markup: book/_ext/ask.py): says what each answer is worth, shows
// what was to be predicted, and remembers both in this browser and nowhere else.
(() => {
  const page = document.currentScript?.dataset.page ?? "";
  /** @type {HTMLElement[]} */
  const all = [...document.querySelectorAll(/** @type {"div"} */ (".ask"))];
  if (!all.length) return;

  // --- memory: {page: {question: answer}}
  /** @type {Record<string, Record<string, string>>} */
  let kept = {};
  let keeps = true;
  try {
    kept = JSON.parse(localStorage.getItem("ask") ?? "{}") ?? {};
    localStorage.setItem("ask", JSON.stringify(kept));
  } catch {
    keeps = false; // the browser does not let us: answers last as long as the page
  }
  const mine = () => (kept[page] ??= {});

  function keep() {
    try {
      localStorage.setItem("ask", JSON.stringify(kept));
    } catch {
      keeps = false;
    }
    tell();
  }

  /** @param {string} tag @param {Record<string, string>} given @param {...(Node | string)} parts */
  function make(tag, given, ...parts) {
    const element = document.createElement(tag);
    for (const name in given) element.setAttribute(name, given[name]);
    element.append(...parts);
    return element;
  }

  // --- what an answer is worth
  /** A number as people write it: 1,000 and 0,5 and 3/4 and 12 %. @param {string} text */
  function read(text) {
    let plain = text.trim().replace(/[\s%]/g, "").replace("−", "-");
    plain = /^-?\d{1,3}(,\d{3})+(\.|$)/.test(plain)
      ? plain.replace(/,/g, "")
      : plain.replace(",", ".");
    const [above, below, ...rest] = plain.split("/");
    if (!above || below === "" || rest.length) return NaN;
    return Number(above) / Number(below ?? 1);
  }

  /** @param {number} number @param {string} given "value within" */
  function near(number, given) {
    const [value, within] = given.split(" ").map(Number);
    return Math.abs(number - value) <= within * (1 + 1e-9) + 1e-12;
  }

  /** @param {HTMLElement} form @param {string} value @returns {HTMLInputElement} */
  const chosen = (form, value) =>
    /** @type {HTMLInputElement} */ (form.querySelector(`input[value="${value}"]`));
  /** @param {HTMLElement} form */
  const field = (form) => /** @type {HTMLInputElement} */ (form.querySelector("input"));

  const KINDS = {
    none: { read: () => "", judge: () => ({}), show: () => {}, ask: "" },
    choice: {
      /** @param {HTMLElement} form */
      read: (form) => form.querySelector("input:checked")?.getAttribute("value") ?? null,
      /** @param {HTMLElement} form @param {string} answer */
      judge(form, answer) {
        return { right: "right" in chosen(form, answer).dataset, item: answer };
      },
      /** @param {HTMLElement} form @param {string} answer */
      show(form, answer) {
        chosen(form, answer).checked = true;
      },
      ask: "Choose one first.",
    },
    number: {
      /** @param {HTMLElement} form */
      read(form) {
        const text = field(form).value;
        return Number.isFinite(read(text)) ? text : null;
      },
      /** @param {HTMLElement} form @param {string} answer */
      judge(form, answer) {
        const input = field(form);
        const number = read(answer);
        const right = input.dataset.right ?? "";
        if (near(number, right)) return { right: true };
        const wrong = [...input.attributes].find(
          ({ name, value }) => name.startsWith("data-wrong-") && near(number, value)
        );
        if (wrong) return { item: wrong.name.slice(11) };
        const low = number < parseFloat(right);
        return { say: low ? "It is more than that." : "It is less than that." };
      },
      /** @param {HTMLElement} form @param {string} answer */
      show(form, answer) {
        field(form).value = answer;
      },
      ask: "Write a number first, such as 12, 0.5 or 3/4.",
    },
    order: {
      /** @param {HTMLElement} form */
      read: (form) =>
        rows(form)
          .map((row) => row.dataset.at)
          .join(" "),
      /** @param {HTMLElement} _form @param {string} answer */
      judge(_form, answer) {
        const wrong = answer.split(" ").findIndex((at, i) => Number(at) !== i);
        if (wrong < 0) return { right: true };
        return { item: answer.split(" ")[wrong], say: `Line ${wrong + 1} comes too early.` };
      },
      /** @param {HTMLElement} form @param {string} answer */
      show(form, answer) {
        const list = form.querySelector("ol");
        for (const at of answer.split(" "))
          list?.append(/** @type {Node} */ (form.querySelector(`li[data-at="${at}"]`)));
      },
      ask: "",
    },
  };

  /** @param {HTMLElement} form @returns {HTMLElement[]} */
  const rows = (form) => [...form.querySelectorAll("li")];

  /** Gives each line of an order two buttons. @param {HTMLElement} form */
  function movable(form) {
    for (const row of rows(form)) {
      const text = row.textContent;
      for (const [sign, way] of [
        ["↑", "up"],
        ["↓", "down"],
      ]) {
        const button = make(
          "button",
          { type: "button", "aria-label": `Move ${way}: ${text}` },
          sign
        );
        button.addEventListener("click", () => {
          const other = way === "up" ? row.previousElementSibling : row.nextElementSibling;
          if (!other) return;
          if (way === "up") other.before(row);
          else other.after(row);
          button.focus();
          const said = /** @type {HTMLElement} */ (form.querySelector(".ask-said"));
          said.replaceChildren(`Now in line ${rows(form).indexOf(row) + 1}.`);
        });
        row.append(button);
      }
    }
  }

  // --- one question
  const questions = all.map((root) => {
    const form = /** @type {HTMLFormElement} */ (root.querySelector("form"));
    const said = /** @type {HTMLElement} */ (root.querySelector(".ask-said"));
    const shown = /** @type {HTMLElement | null} */ (document.getElementById(`${root.id}-shown`));
    const fold = /** @type {HTMLDetailsElement | null} */ (
      (shown ?? root).querySelector(":scope > .ask-fold")
    );
    const kind = KINDS[/** @type {keyof typeof KINDS} */ (form.dataset.kind)];
    let right = false;

    /** @param {string} answer */
    function judge(answer) {
      const verdict = /** @type {{right?: boolean, item?: string, say?: string}} */ (
        kind.judge(form, answer)
      );
      right = !!verdict.right;
      if (kind !== KINDS.none) {
        const why = fold?.querySelector(`[data-for="${verdict.item}"] > div`);
        root.dataset.is = right ? "right" : "wrong";
        const mark = make("strong", {}, right ? "✓ Right." : "✗ Not so.");
        said.replaceChildren(mark, ` ${verdict.say ?? ""} `);
        if (!right && why) said.append(...[...why.cloneNode(true).childNodes]);
        else if (right && !shown) said.append("More in the answer below.");
      }
      if (shown) reveal();
      else if (fold && right) fold.open = true;
    }

    function reveal() {
      if (!shown?.hidden) return;
      shown.hidden = false;
      root.classList.add("done");
      shown.dispatchEvent(new Event("change", { bubbles: true })); // book.js looks again
    }

    function forget() {
      right = false;
      delete root.dataset.is;
      root.classList.remove("done");
      said.replaceChildren();
      form.reset();
      if (fold) fold.open = false;
      shown?.setAttribute("hidden", "until-found");
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answer = kind.read(form);
      if (answer === null && !shown) return said.replaceChildren(kind.ask);
      if (answer === null) reveal();
      else judge(answer);
      mine()[root.id] = answer ?? "";
      keep();
    });
    // another choice is not judged yet
    form.addEventListener("input", () => {
      if (kind === KINDS.choice && shown && !shown.hidden) return form.requestSubmit();
      delete root.dataset.is;
      said.replaceChildren();
    });
    shown?.addEventListener("beforematch", () => {
      root.classList.add("done");
    });
    if (kind === KINDS.order) movable(form);
    const before = mine()[root.id];
    if (before !== undefined) {
      if (before) kind.show(form, before);
      if (before || kind === KINDS.none) judge(before);
      else reveal();
    }
    const counts = kind !== KINDS.none;
    return { counts, forget, done: () => !!mine()[root.id], right: () => right };
  });

  // --- a link into what is hidden opens it
  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const shown = /** @type {HTMLElement | null} */ (target?.closest(".predicted[hidden]"));
    if (!shown) return;
    shown.hidden = false;
    shown.previousElementSibling?.classList.add("done");
    target?.scrollIntoView();
  }
  addEventListener("hashchange", follow);

  // --- how many, at the page's end
  const count = make("span", { role: "status" });
  const where = make("span", {});
  const button = make("button", { type: "button" }, "Forget my answers");
  const end = make("div", { class: "ask-count" }, make("p", {}, count, " ", where), button);
  button.addEventListener("click", () => {
    delete kept[page];
    for (const question of questions) question.forget();
    keep();
  });

  function tell() {
    const asked = questions.filter((one) => one.counts);
    const done = asked.filter((one) => one.done());
    const right = done.filter((one) => one.right()).length;
    const rights = done.length ? `, ${right} right.` : ".";
    count.textContent = `${done.length} of ${asked.length} questions answered${rights}`;
    where.textContent = keeps
      ? "Your answers are kept in this browser only and sent nowhere."
      : "Your browser keeps nothing of it.";
  }

  document.querySelector("article.bd-article")?.append(end);
  tell();
  follow();
})();

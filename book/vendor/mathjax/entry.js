// The MathJax of this book: TeX in; HTML, CSS and MathML for screen readers out.
import {mathjax} from 'mathjax-full/ts/mathjax.ts';
import {TeX} from 'mathjax-full/ts/input/tex.ts';
import {CHTML} from 'mathjax-full/ts/output/chtml.ts';
import {browserAdaptor} from 'mathjax-full/ts/adaptors/browserAdaptor.ts';
import {RegisterHTMLHandler} from 'mathjax-full/ts/handlers/html.ts';
import {AssistiveMmlHandler} from 'mathjax-full/ts/a11y/assistive-mml.ts';
import 'mathjax-full/ts/input/tex/base/BaseConfiguration.ts';
import 'mathjax-full/ts/input/tex/ams/AmsConfiguration.ts';
import 'mathjax-full/ts/input/tex/newcommand/NewcommandConfiguration.ts';
import 'mathjax-full/ts/input/tex/boldsymbol/BoldsymbolConfiguration.ts';

const here = document.currentScript.src.replace(/[^/]*$/, '');
AssistiveMmlHandler(RegisterHTMLHandler(browserAdaptor()));
const page = mathjax.document(document, {
  InputJax: new TeX({
    packages: ['base', 'ams', 'newcommand', 'boldsymbol'],
    inlineMath: [['\\(', '\\)']],
  }),
  OutputJax: new CHTML({fontURL: here + 'fonts'}),
  ignoreHtmlClass: 'bd-container', // only what Sphinx marks as math
  processHtmlClass: 'math',
});
const render = () => {
  page.render();
  dispatchEvent(new Event('resize')); // book.js: wide formulas can now be told
};
if (document.readyState === 'loading') {
  document.addEventListener('DOMContentLoaded', render);
} else {
  render();
}

// What an empty conversation shows: who answers, and a few ways to begin.
import { el } from './dom.js';

const STARTS = [
  ['Explain', 'Explain why the sum of the first n odd numbers is n².'],
  ['Write code', 'Write a Java method that merges two sorted lists, with a test.'],
  ['Compare', 'Compare TCP and QUIC in a table, then say when each is better.'],
  ['Solve', 'Solve x³ − 6x² + 11x − 6 = 0 and show each step.'],
];

export const welcome = (start) =>
  el('div', { class: 'welcome' }, el('img', { src: 'page/icon.svg', alt: '', width: '56', height: '56' }),
    el('h2', {}, 'What are we working on?'),
    el('p', {}, 'Answers come from the model on this server. Conversations stay in this browser.'),
    el('div', { class: 'starts' }, STARTS.map(([title, text]) =>
      el('button', { type: 'button', onclick: () => start(text) }, el('b', {}, title), el('span', {}, text)))));

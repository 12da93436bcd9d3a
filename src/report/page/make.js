"use strict";
// What all pages begin with. Text is only ever set as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("main");
const make = (tag, attributes, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return node;
};
// What messages quote with backticks is code.
const said = (text) => {
  const parts = text.split("`");
  return parts.length % 2 ? parts.map((part, at) => at % 2 ? make("code", {}, part) : part) : [text];
};
const plural = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

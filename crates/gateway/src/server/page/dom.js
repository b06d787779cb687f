// Elements: made without markup, which the policy of the page forbids, and put into order without losing the focus.

/** Makes an element; `on…` are listeners, `true` is an attribute without a value. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** Has a parent contain these elements in this order. Those that stay where they are keep the focus. */
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
}

/** A function that has another called once before the next frame is drawn, however often it is called itself. */
export function beforeFrame(draw) {
  let isAsked = false;
  const drawOnce = () => {
    isAsked = false;
    draw();
  };
  return () => {
    if (!isAsked) requestAnimationFrame(drawOnce);
    isAsked = true;
  };
}

/** The part of an element with a name. */
export function part(parent, name) {
  return parent.querySelector(`[data-part="${name}"]`);
}

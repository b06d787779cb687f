const still = matchMedia('(prefers-reduced-motion: reduce)');

/** Marks what has just changed. With reduced motion the mark stays for a moment and goes at once, without fading. */
export function flash(element) {
  element.animate([{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }], {
    duration: 1400,
    easing: still.matches ? 'step-end' : 'cubic-bezier(0.3, 0, 0.6, 1)',
  });
}

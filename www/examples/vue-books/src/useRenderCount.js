import { onMounted, onUpdated, shallowRef } from 'vue';

/**
 * A ref for an element that shows how often its component was rendered. The text is written past Vue, for a state that changed with
 * every render would be the reason of another.
 */
export function useRenderCount() {
  const element = shallowRef(null);
  let count = 0;
  const rendered = () => {
    count += 1;
    element.value.textContent = `${count}×`;
  };
  onMounted(rendered);
  onUpdated(rendered);
  return element;
}

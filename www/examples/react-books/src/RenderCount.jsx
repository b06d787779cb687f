import { useLayoutEffect, useRef } from 'react';

/**
 * How often the component it stands in was rendered. Counted is what is committed to the page: what strict mode renders or mounts
 * twice counts once. The text is written past React, for to set a state would be one more render.
 */
export function RenderCount() {
  const output = useRef(null);
  const counted = useRef({ render: null, count: 0 });
  const render = {};
  useLayoutEffect(() => {
    const { current } = counted;
    if (current.render === render) return;
    current.render = render;
    current.count += 1;
    output.current.textContent = `${current.count}×`;
  });
  return <output className="renders" title="Times rendered" ref={output} />;
}

import { useConnection } from 'resclient-wasm/react';
import { RenderCount } from './RenderCount.jsx';

/** Whether the page is connected to the gateway. */
export function ConnectionState() {
  const { state } = useConnection();
  return (
    <p className="row" role="status">
      <span className="connection" data-state={state}>
        {state}
      </span>
      <RenderCount />
    </p>
  );
}

import { useState } from 'react';
import { useCall } from 'resclient-wasm/react';
import { RenderCount } from './RenderCount.jsx';

/** A title to write over: sent by Enter, taken back by Escape. What is typed and what is on its way renders this alone. */
export function TitleField({ rid, title }) {
  const [draft, setDraft] = useState(null);
  const { call, reset, isPending, isError, error } = useCall(rid, 'set');

  const save = async (event) => {
    event.preventDefault();
    if (draft === null) return;
    try {
      await call({ title: draft });
      setDraft(null);
    } catch {
      // It is shown as `error`, and the draft stays.
    }
  };
  const takeBack = () => {
    setDraft(null);
    reset();
  };

  return (
    <form className="title" onSubmit={save}>
      <input
        aria-label={`Title of ${title}`}
        aria-invalid={isError}
        aria-busy={isPending}
        autoComplete="off"
        value={draft ?? title}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && takeBack()}
      />
      <RenderCount />
      <p className="note" role="alert">
        {error?.message}
      </p>
    </form>
  );
}

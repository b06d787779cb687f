'use client';
import { useEffect, useState } from 'react';
import ResClient from 'resclient-wasm';
import { ResProvider, useModel } from 'resclient-wasm/react';

// Rendered on the server as well, where it has no gateway, and waits.
export default function Page() {
  const [client] = useState(
    () => new ResClient(() => new WebSocket(new URL(location.href).searchParams.get('gateway'))),
  );
  return (
    <ResProvider client={client}>
      <Message />
    </ResProvider>
  );
}

function Message() {
  const { data, resource } = useModel('pack.model');
  useEffect(() => void (globalThis.model = resource), [resource]);
  return <p id="message">{data ? data.message : 'rendered'}</p>;
}

import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { fallbackFor } from './fallbackFor.js';
import type { Rid } from './HookOptions.js';
import { type AnyOptions, optionsOf } from './optionsOf.js';
import { useClient } from './ResProvider.js';
import type { ResourceClient } from './ResourceClient.js';
import type { ResourceData, ResourceResult } from './ResourceResult.js';
import { ResourceStore } from './ResourceStore.js';
import { Selection } from './Selection.js';
import { resume, suspend } from './suspend.js';

/** What is known of a resource, or selected of that, whatever the types of a hook make of it. */
export type AnyResult = ResourceResult<never, never>;

/** The same where there are data. */
export type AnyData = ResourceData<never, never>;

/** A resource, kept up to date while the component is mounted. */
export function useSelected(rid: Rid, options?: ResourceClient | AnyOptions): AnyResult {
  return useStore(rid, optionsOf(options), false);
}

/** Also on a server, and where the page takes over from that, it is waited for what is neither there nor given. */
export function useSuspended(rid: string, options?: ResourceClient | AnyOptions): AnyData {
  const read = optionsOf(options);
  const client = useClient<ResourceClient>(read.client);
  useEffect(() => resume(client, rid), [client, rid]);
  return useStore(rid, read, true) as AnyData;
}

function useStore(rid: Rid, { client, select, fallbackData }: AnyOptions, suspends: boolean): AnyResult {
  const from = useClient<ResourceClient>(client);
  const [first] = useState(rid);
  // What is given counts as it was first.
  const store = useMemo(() => {
    return new ResourceStore<never, never>(from, rid, fallbackFor(fallbackData, rid, first) as never);
  }, [from, rid]);
  const selection = useMemo(() => new Selection<never, never, never>(), [store]);
  let whole: AnyResult | undefined;
  const of = (result: AnyResult) => {
    whole = result;
    return select ? selection.of(result, select as () => never) : result;
  };
  const getSnapshot = () => of(store.getSnapshot());
  const getOnServer = () => of(store.getServerSnapshot());
  const waits = suspends && store.getServerSnapshot().data === undefined;
  const getServerSnapshot = waits ? getSnapshot : getOnServer;
  const result = useSyncExternalStore(store.subscribe, getSnapshot, getServerSnapshot);
  // What is selected may well be undefined.
  if (suspends && whole && whole.data === undefined) suspend(from, rid as string, whole.error);
  return result;
}

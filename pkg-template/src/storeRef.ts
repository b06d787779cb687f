import {
  getCurrentInstance,
  hasInjectionContext,
  inject,
  type MaybeRefOrGetter,
  onMounted,
  type ShallowRef,
  shallowRef,
  ssrContextKey,
  toValue,
  watch,
} from 'vue';

/** What can be subscribed to and looked at. */
export interface Store<S> {
  subscribe(subscriber: () => void): () => void;
  getSnapshot(): S;
  /** What a server shows, and first of all the page that it has made. */
  getServerSnapshot(): S;
}

/** The snapshots of the store that belongs to the value of the source: for Vue what `useSyncExternalStore` is for React. */
export function storeRef<S, V>(source: MaybeRefOrGetter<V>, storeOf: (value: V) => Store<S>): ShallowRef<S> {
  const instance = getCurrentInstance();
  // Nothing is unmounted on a server, so nothing may be subscribed to. What it does before it renders belongs to no component.
  const onServer =
    hasInjectionContext() && (inject(ssrContextKey, null) !== null || (!instance && typeof window === 'undefined'));
  // A component that takes over what a server has made has its element before it is set up.
  const hydrates = Boolean(instance?.vnode.el) && !instance!.isMounted;
  let asOnServer = onServer || hydrates;
  let store: Store<S>;
  const snapshot = shallowRef() as ShallowRef<S>;
  const show = () => (snapshot.value = asOnServer ? store.getServerSnapshot() : store.getSnapshot());
  watch(
    () => toValue(source),
    (value, _before, onCleanup) => {
      store = storeOf(value);
      if (!onServer) onCleanup(store.subscribe(show));
      show();
    },
    { immediate: true },
  );
  if (hydrates) {
    onMounted(() => {
      asOnServer = false;
      show();
    });
  }
  return snapshot;
}

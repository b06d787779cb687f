import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react';
import type { ResClient } from './index.js';
import type { Schema } from './Register.js';
import type { ResourceClient } from './ResourceClient.js';

/** Props of {@link ResProvider}. */
export interface ResProviderProps {
  client: ResourceClient;
  children?: ReactNode;
}

/** Gives a client to the components below. It neither connects nor disconnects it. */
export function ResProvider({ client, children }: ResProviderProps): ReactElement {
  return createElement(Context.Provider, { value: client }, children);
}

/** The client given, or else that of the {@link ResProvider} above. Throws when there is neither. */
export function useClient<C extends ResourceClient = ResClient<Schema>>(client?: C): C {
  const provided = useContext(Context);
  const found = client ?? provided;
  if (!found) throw new Error('There is no ResProvider above this component');
  return found as C;
}

const Context = createContext<ResourceClient | null>(null);

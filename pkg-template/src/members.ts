/** Sets a member whatever its name. */
export function setMember(object: object, key: string, value: unknown): void {
  if (key === '__proto__') defineMember(object, key, value);
  else (object as Record<string, unknown>)[key] = value;
}

/** Makes a member an ordinary one, whatever it was. */
export function defineMember(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, ordinary(value));
}

/** How a member is defined. */
export const ordinary = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  enumerable: true,
  configurable: true,
});

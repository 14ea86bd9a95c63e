/**
 * The certificate library's container asks for the metadata part of Reflect that TypeScript's old decorators used. This is
 * as much of it as the container calls, and only where nothing better is there already.
 */
type Metadata = {
  getMetadata?: (key: unknown, target: object) => unknown;
  getOwnMetadata?: (key: unknown, target: object) => unknown;
  defineMetadata?: (key: unknown, value: unknown, target: object) => void;
};

const reflect = Reflect as Metadata & typeof Reflect;

/** Whether the container will find what it asks for. */
export const containerMetadata = 'getMetadata' in Reflect || provide();

function provide(): true {
  const kept = new WeakMap<object, Map<unknown, unknown>>();
  const own = (key: unknown, target: object) => kept.get(target)?.get(key);
  reflect.getOwnMetadata = own;
  reflect.getMetadata = (key, target) => {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
      if (kept.get(at)?.has(key)) return own(key, at);
    }
    return undefined;
  };
  reflect.defineMetadata = (key, value, target) => {
    const map = kept.get(target) ?? new Map<unknown, unknown>();
    kept.set(target, map.set(key, value));
  };
  return true;
}

import { refuse } from '../identified.ts';

/** No credential at all: nothing to present. A door that lets such callers in asks its gate, which places them by the resource. */
export function anonymous(): never {
  throw refuse('missing');
}

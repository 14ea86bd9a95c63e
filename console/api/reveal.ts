import { createStore } from '../part/store.ts';

/** Whether what is personal is asked for in the clear. Every reading made so is in the audit log. */
export const revealed = createStore(false);

import type { Reply } from './realm.ts';

/** What a process of functions is told: which function, by its definition, and rows of arguments as JSON. */
export type Order = { readonly definition: string; readonly rows: string };

/** What it says: that it is ready, or replies to the rows that come next; the last may be that one took too long. */
export type Said = { readonly replies: readonly (Reply | readonly ['late', ''])[]; readonly isDone: boolean };

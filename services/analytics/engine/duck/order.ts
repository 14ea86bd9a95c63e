import type { PackedColumn } from './pack.ts';

/** What the process of DuckDB is told to do; the bytes of rows are the piece that follows. */
export type Order =
  | { readonly kind: 'make'; readonly table: string; readonly columns: readonly (readonly [name: string, type: string])[] }
  | { readonly kind: 'add'; readonly table: string; readonly rows: number; readonly columns: readonly PackedColumn[] }
  | { readonly kind: 'drop'; readonly table: string }
  | {
      readonly kind: 'ask';
      readonly sql: string;
      readonly texts: readonly string[];
      readonly types: readonly string[];
      readonly most: number;
    }
  /** Ends what it is at. */
  | { readonly kind: 'stop' };

/** What it says of each, but of a stop; the bytes of rows are the piece that follows. */
export type Said =
  | { readonly kind: 'done' }
  | { readonly kind: 'rows'; readonly rows: number; readonly columns: readonly PackedColumn[] }
  | { readonly kind: 'failed'; readonly message: string };

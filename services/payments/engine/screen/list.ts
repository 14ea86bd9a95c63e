/** Somebody or something on a list, under every name that is known. Dates are `YYYY-MM-DD`, `YYYY-MM` or `YYYY`. */
export type Listed = {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: 'individual' | 'entity' | 'vessel' | 'aircraft';
  readonly birthDates: readonly string[];
  readonly countries: readonly string[];
};

export type Asked = { readonly name: string; readonly birthDate?: string; readonly country?: string };

/** Who was found: by which of the names, how sure (0 to 1), and what speaks for it. */
export type Match = { readonly id: string; readonly name: string; readonly score: number; readonly reasons: readonly string[] };

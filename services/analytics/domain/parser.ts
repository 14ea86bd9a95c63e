/** PostgreSQL's grammar. */
export type Parser = typeof import('libpg-query');
let loading: Promise<Parser> | undefined;

/** PostgreSQL's own grammar, as WebAssembly; it is loaded by the first statement, because it is large. */
export async function parser(): Promise<Parser> {
  loading ??= import('libpg-query').then(async (module) => {
    await module.loadModule();
    return module;
  });
  return loading;
}

/** A word of a text, and the bytes that it takes. */
export type Token = { readonly text: string; readonly start: number; readonly end: number };

/** The words of a text, without comments; undefined where it cannot be cut. */
export function tokensOf(parse: Parser, text: string): Token[] | undefined {
  try {
    return parse.scanSync(text).tokens.filter(({ tokenName }) => !tokenName.endsWith('_COMMENT'));
  } catch {
    // A text that cannot be cut is one statement, which the grammar refuses with its place.
    return undefined;
  }
}

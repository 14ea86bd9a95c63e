export type Span = {
  readonly span: string;
  readonly parent: string;
  readonly name: string;
  readonly service: string;
  /** Milliseconds since 1970, with fractions. */
  readonly at: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly message: string;
};

/** Spans as they called one another, each before what it called; one whose caller is not there stands at the left. */
export function inOrder(spans: readonly Span[]): readonly { readonly span: Span; readonly depth: number }[] {
  const ids = new Set(spans.map(({ span }) => span));
  const below = Map.groupBy(spans, ({ parent, span }) => (ids.has(parent) && parent !== span ? parent : ''));
  const rows: { span: Span; depth: number }[] = [];
  const waiting = [...(below.get('') ?? [])].reverse().map((span) => ({ span, depth: 0 }));
  // Spans come from outside and may call one another in a ring; such a ring hangs on nothing and is not reached.
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { span, depth } = next;
    rows.push(next);
    waiting.push(...[...(below.get(span.span) ?? [])].reverse().map((each) => ({ span: each, depth: depth + 1 })));
  }
  return rows;
}

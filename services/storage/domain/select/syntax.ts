/** A step into a document: a name (exact when it was quoted) or a place in a list. */
export type Step = { readonly name: string; readonly quoted: boolean } | { readonly at: number };

/** A query of S3's dialect as it was read. */
export type Expression =
  | { readonly kind: 'path'; readonly steps: readonly Step[] }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'timestamp'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' | 'missing' }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'minus'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'calculate'; readonly operator: '+' | '-' | '*' | '/' | '%'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'join'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'is'; readonly what: 'null' | 'missing'; readonly not: boolean; readonly of: Expression }
  | {
      readonly kind: 'like';
      readonly not: boolean;
      readonly of: Expression;
      readonly pattern: Expression;
      readonly escape?: Expression;
    }
  | { readonly kind: 'between'; readonly not: boolean; readonly of: Expression; readonly from: Expression; readonly to: Expression }
  | { readonly kind: 'in'; readonly not: boolean; readonly of: Expression; readonly list: readonly Expression[] }
  | {
      readonly kind: 'case';
      readonly of?: Expression;
      readonly arms: readonly { readonly when: Expression; readonly then: Expression }[];
      readonly otherwise?: Expression;
    }
  | { readonly kind: 'cast'; readonly of: Expression; readonly type: CastType; readonly precision?: number; readonly scale?: number }
  | { readonly kind: 'aggregate'; readonly name: Aggregate; readonly of?: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly word?: string; readonly inputs: readonly Expression[] };

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type Aggregate = 'count' | 'sum' | 'avg' | 'min' | 'max';
export type CastType = 'boolean' | 'integer' | 'string' | 'float' | 'decimal' | 'timestamp';

/** A step of what is asked for each of: `[*]` makes rows of the items of a list. */
export type SourceStep = Step | { readonly each: true };

export type Query = {
  /** Undefined for `*`. */
  readonly items?: readonly { readonly of: Expression; readonly name?: string }[];
  readonly source: readonly SourceStep[];
  readonly alias?: string;
  readonly where?: Expression;
  readonly limit?: number;
};

/** The schema languages of the registry, by the names that its protocol gives them. */
export const schemaTypes = ['AVRO', 'JSON', 'PROTOBUF'] as const;
export type SchemaType = (typeof schemaTypes)[number];

/** A schema that another one names: by what name, and where it is registered. */
export type Reference = { readonly name: string; readonly subject: string; readonly version: number };

/** A referenced schema with its text; what it references itself stands before it in the list. */
export type Resolved = { readonly name: string; readonly text: string };

/** A schema that was understood. `text` is its one spelling: two texts that differ in blanks alone are one schema. */
export type Parsed = {
  readonly text: string;
  /** Its spelling without what has no meaning: order of attributes, of imports, short names. */
  readonly normal: string;
  /** Why this schema cannot read what was written by `writer`, each reason a sentence; none when it can. */
  refusals(writer: Parsed): readonly string[];
};

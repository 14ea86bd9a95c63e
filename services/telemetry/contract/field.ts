import { Type } from '#kernel/contract/type.ts';
import { personal } from '#kernel/contract/label.ts';
import { filterTextMax, pageMax, personalDaysMax } from './limits.ts';

export const closed = { additionalProperties: false } as const;
export const everywhere = ['rest', 'cli', 'console'] as const;
export const Instant = Type.Integer({ minimum: 0, maximum: 4_102_444_800_000, description: 'Milliseconds since 1970.' });
export const Span = {
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
};
export const Filter = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: filterTextMax, description }));
export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: pageMax, default: 100, description: 'Items at most.' }));
export const Step = Type.Optional(Type.Integer({ minimum: 1000, maximum: 86_400_000, description: 'Length of one step in milliseconds.' }));
const program = { purpose: 'to see how programs fare', free: true } as const;
/** Attributes as programs send them. What names a person in them is blanked in time, however long the signal is kept. */
export const PersonalAttributes = personal(Type.Record(Type.String(), Type.Unknown()), { ...program, keep: personalDaysMax });
/** A text of a program, in which something personal may stand. */
export const FreeText = personal(Type.String(), { ...program, keep: 'resource' });
export const read = { effect: 'read', audit: 'window', repeat: 'natural', expose: everywhere } as const;
export const write = { effect: 'write', audit: 'before-reply', repeat: 'natural', expose: everywhere } as const;

import type { Node } from 'libpg-query';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { placesIn } from './context.ts';
import { type Format, formatOf, optionsOf } from './format.ts';
import { type WatermarkText, watermarkOf } from './watermark.ts';

/** The topic of a source, and how its values are read. */
export function valuesOf(
  options: readonly Node[],
  watermark: WatermarkText | undefined,
  by: Node | undefined,
  text: string,
): { readonly topic: string; readonly format: Format } {
  const timed = watermark ? ['lateness', 'idle', 'late'] : [];
  const given = optionsOf(options, ['topic', 'format', 'envelope', 'delimiter', 'null', 'dead_letters', ...timed], 'source');
  const format = {
    ...formatOf(given),
    ...(watermark ? { watermark: watermarkOf(watermark, by, given, placesIn(text)(watermark.start)) } : {}),
  };
  const topic = given.get('topic') ?? '';
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(topic))
    throw new StatementError('22023', 'a source needs the name of a topic: WITH (topic = ..., format = ...)');
  return { topic, format };
}

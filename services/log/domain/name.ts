import { topicNameMax } from './limits.ts';

/** Why a topic cannot have this name, in a sentence, or undefined: Apache Kafka's rules. */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed.';
  if (name === '.' || name === '..') return "Topic name is invalid: '.' or '..' is not allowed.";
  if (name.length > topicNameMax) return `Topic name is invalid: the length is longer than the max allowed length ${topicNameMax}.`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return "Topic name is invalid: it contains characters other than ASCII alphanumerics, '.', '_' and '-'.";
  return undefined;
}

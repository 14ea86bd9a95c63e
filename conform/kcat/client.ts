import { check, type Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { debianPackage } from '../debian.ts';

/** kcat, Debian's package: librdkafka from the command line. */
export const client: Client = {
  name: 'kcat',
  setup: () => debianPackage('kcat'),
  async run(place) {
    const { sasl } = await place.credential();
    const broker = place.doors['log.kafka']?.url.replace('kafka://', '') ?? '';
    const login = {
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'PLAIN',
      'sasl.username': sasl.username,
      'sasl.password': sasl.password,
    };
    const kcat = async (words: readonly string[], input = '', more: Readonly<Record<string, string>> = {}) => {
      const options = Object.entries({ ...login, ...more }).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
      const { code, out, err } = await tryCommand(['kcat', '-b', broker, ...options, ...words], { input });
      if (code !== 0) throw new Error(`kcat ${words.join(' ')} exits with ${code}: ${err}`);
      return out;
    };
    const same = (got: unknown, wanted: unknown) => {
      if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(got)} and not ${JSON.stringify(wanted)}`);
    };
    const read = (...words: string[]) => kcat(['-C', '-e', '-q', ...words]);
    return {
      checks: [
        await check('kcat writes lines to a topic that its first line makes, and reads them back', async () => {
          await kcat(['-P', '-t', 'kcat-lines'], 'one\ntwo\nthree\n');
          same((await read('-t', 'kcat-lines')).trim().split('\n'), ['one', 'two', 'three']);
        }),
        await check('keys, headers and offsets come back as they were written', async () => {
          await kcat(['-P', '-t', 'kcat-keyed', '-K', ':', '-H', 'colour=blue'], 'k:v\n');
          same((await read('-t', 'kcat-keyed', '-f', '%k %s %h %o\n')).trim(), 'k v colour=blue 0');
        }),
        await check('kcat reads from an offset, from the end, and from a time', async () => {
          same((await read('-t', 'kcat-lines', '-o', '1')).trim().split('\n'), ['two', 'three']);
          same((await read('-t', 'kcat-lines', '-o', '-1')).trim(), 'three');
          same((await read('-t', 'kcat-lines', '-p', '0', '-o', 's@0', '-o', 'e@1')).trim(), '');
        }),
        await check('each compression passes through', async () => {
          for (const codec of ['gzip', 'snappy', 'lz4']) {
            await kcat(['-P', '-t', `kcat-packed-${codec}`, '-z', codec], `${'again '.repeat(500)}\n`);
            same((await read('-t', `kcat-packed-${codec}`)).trim(), 'again '.repeat(500).trim());
          }
        }),
        await check('kcat lists brokers and topics', async () => {
          const listed = JSON.parse(await kcat(['-L', '-J'])) as { topics: { topic: string }[]; brokers: { name: string }[] };
          same(
            listed.brokers.map(({ name }) => name),
            [broker],
          );
          if (!listed.topics.some(({ topic }) => topic === 'kcat-lines')) throw new Error('the topic is not listed');
        }),
        await check('a group reads what is new to it', async () => {
          const group = await kcat(['-G', 'kcat-group', '-e', '-q', 'kcat-lines'], '', { 'auto.offset.reset': 'earliest' });
          same(group.trim().split('\n'), ['one', 'two', 'three']);
        }),
        await check('kcat comes in by TLS and SCRAM-SHA-256', async () => {
          const more = { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'SCRAM-SHA-256', 'ssl.ca.location': place.ca };
          if (!(await kcat(['-L'], '', more)).includes('kcat-lines')) throw new Error('the topic is not listed');
        }),
      ],
    };
  },
};

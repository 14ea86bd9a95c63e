import { check, type Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { debianPackage } from '../debian.ts';

/** psql, Debian's package: the command line of PostgreSQL. */
export const client: Client = {
  name: 'psql',
  setup: () => debianPackage('postgresql-client'),
  async run(place) {
    const { sasl } = await place.credential('--role', 'owner');
    const { hostname, port } = new URL(place.doors['analytics.postgres']?.url ?? '');
    const psql = async (text: string, ...words: string[]) => {
      const env = { PGPASSWORD: sasl.password, PGSSLMODE: 'disable', PSQLRC: '/dev/null', PAGER: 'cat' };
      const login = ['-h', hostname, '-p', port, '-U', sasl.username];
      return tryCommand(['psql', '-X', '-q', '-v', 'VERBOSITY=verbose', ...login, ...words], { input: text, env });
    };
    const same = (got: unknown, wanted: unknown) => {
      if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(got)} and not ${JSON.stringify(wanted)}`);
    };
    const rows = async (text: string, ...words: string[]) => {
      const { code, out, err } = await psql(text, '-A', '-t', ...words);
      if (code !== 0 || err !== '') throw new Error(`psql exits with ${code}: ${err}`);
      return out.trim().split('\n');
    };
    return {
      checks: [
        await check('psql comes in and asks', async () => {
          same(await rows(`select 1 + 1, 'a' || 'b', null, true;\nvalues (1, 'x'), (2, 'y');\n`), ['2|ab||t', '1|x', '2|y']);
        }),
        await check('a source and views over it are made, listed, explained and dropped', async () => {
          await rows(`create source psql_lines (n int8, at timestamp) with (topic = 'psql-lines', format = 'json');
            create materialized view psql_sum as select sum(n) as total from psql_lines;
            create materialized view psql_windows as
              select window_start, count(*) as lines from tumble(psql_lines, at, interval '1 minute') group by window_start;\n`);
          same(await rows('select total from psql_sum;\n', '-P', 'null=none'), ['none']);
          same(
            (await rows('explain (code) select total * 2 as twice from psql_sum;\n')).some((line) => line.includes('function pipeline')),
            true,
          );
          same(
            (await rows('show materialized views;\n')).filter((line) => line.startsWith('psql_')).map((line) => line.split('|')[1]),
            ['psql_lines', 'psql_lines'],
          );
          await rows('drop materialized view psql_sum, psql_windows;\ndrop source psql_lines;\n');
        }),
        await check('an error has its SQLSTATE and its place, and the script goes on', async () => {
          const { out, err } = await psql('select wrong;\nselect 5;\n', '-A', '-t');
          same([out.trim(), err.includes('42703'), err.includes('LINE 1: select wrong')], ['5', true, true]);
        }),
        await check('a transaction that failed is over with its end', async () => {
          const { out, err } = await psql('begin;\nselect 1 / 0;\nselect 1;\ncommit;\nselect 7;\n', '-A', '-t');
          same([out.trim(), err.includes('22012'), err.includes('25P02')], ['7', true, true]);
        }),
        await check('a script is one transaction (--single-transaction), with savepoints (ON_ERROR_ROLLBACK)', async () => {
          same(await rows('select 1;\nselect 2;\n', '--single-transaction'), ['1', '2']);
          const { out } = await psql('begin;\nselect 1 / 0;\nselect 8;\ncommit;\n', '-A', '-t', '-v', 'ON_ERROR_ROLLBACK=on');
          same(out.trim(), '8');
        }),
        await check('rows are fetched in portions (FETCH_COUNT), by cursors of psql and of the script', async () => {
          const many = `values ${Array.from({ length: 25 }, (_, at) => `(${at})`).join(', ')}`;
          same((await rows(`${many};\n`, '-v', 'FETCH_COUNT=10')).length, 25);
          same(await rows(`begin;\ndeclare c cursor for ${many};\nmove 3 from c;\nfetch 2 from c;\nclose c;\ncommit;\n`), ['3', '4']);
        }),
        await check('\\gset, \\gexec and \\gx do what they do', async () => {
          same(await rows('select 1::int8 as a \\gset\nselect :a + 1;\n'), ['2']);
          same(await rows(`select 'select ' || n from (values (7), (8)) v(n) order by n \\gexec\n`), ['7', '8']);
          same(await rows('select 3 as a, 4 as b \\gx\n'), ['a|3', 'b|4']);
        }),
        await check('\\d and its kin tell of sources and views', async () => {
          await rows(`create source psql_named (n int8, "At" timestamp) with (topic = 'psql-named', format = 'json');
            create materialized view psql_view as select n, count(*) as lines from psql_named group by n;\n`);
          same(await rows('\\dt psql*\n'), ['public|psql_named|table|gamut']);
          same(await rows('\\dm psql*\n'), ['public|psql_view|materialized view|gamut']);
          same(
            (await rows('\\d psql*\n')).filter((line) => line.includes('|')),
            ['n|bigint|||', 'At|timestamp without time zone|||', 'n|bigint|||', 'lines|bigint|||'],
          );
          const whole = await psql('\\d+ psql_view\n');
          same([whole.code, whole.out.includes('View definition'), whole.out.includes('from psql_named group by n')], [0, true, true]);
          same((await rows('\\l\n')).filter((line) => !line.startsWith('=') && !line.startsWith('catalogue=')).length, 1);
          same((await rows('\\dn\n'))[0]?.split('|')[0], 'public');
          same((await rows('\\du\n')).length, 1);
          const silent = [
            'di',
            'ds',
            'dv',
            'dE',
            'df',
            'dT',
            'dD',
            'dC psql',
            'dx',
            'dy',
            'dp psql*',
            'ddp',
            'des',
            'dF',
            'dRp',
            'dRs',
            'dP',
            'dX',
          ];
          for (const word of [...silent, 'do psql', 'dc psql', 'dA psql', 'dL psql', 'db', 'dconfig search_path', 'z psql*']) {
            const { code, err } = await psql(`\\${word}\n`);
            same([word, code, err], [word, 0, '']);
          }
          await rows('drop materialized view psql_view;\ndrop source psql_named;\n');
        }),
        await check('plain views are made, listed, told and dropped (\\dv, \\d+, \\sv), and keep what they read', async () => {
          await rows(`create table psql_base (id int8 primary key, n numeric);
            insert into psql_base values (1, 1.5), (2, 2);
            create view psql_plain (id, twice) as select id, n * 2 from psql_base;
            create or replace view psql_over as select sum(twice) as s from psql_plain where id > 1;\n`);
          same(await rows('table psql_over;\n'), ['4']);
          same(await rows('\\dv psql*\n'), ['public|psql_over|view|gamut', 'public|psql_plain|view|gamut']);
          same(
            (await rows('\\d psql_plain\n')).filter((line) => line.includes('|')),
            ['id|bigint|||', 'twice|numeric|||'],
          );
          const whole = await psql('\\d+ psql_over\n');
          same([whole.code, whole.out.includes('select sum(twice) as s from psql_plain where id > 1;')], [0, true]);
          same((await rows('\\sv psql_over\n'))[0], 'CREATE OR REPLACE VIEW public.psql_over AS');
          const { err } = await psql('drop table psql_base;\ninsert into psql_over values (1);\n');
          same([err.includes('2BP01'), err.includes('55000')], [true, true]);
          await rows('drop view psql_plain cascade;\ndrop table psql_base;\n');
          same(await rows('\\dv psql*\n'), ['']);
        }),
        await check('SHOW and SET', async () => {
          const script = `set application_name = 'mine';\nshow application_name;\nshow server_version_num;
            reset all;\nshow application_name;\n`;
          same(await rows(script), ['mine', '180000', 'psql']);
        }),
      ],
    };
  },
};

/** How a window is written: in the dialect of a view, or for a database that has none. */
export type Windows = {
  hop(table: string, time: string, step: string, size: string): string;
  tumble(table: string, time: string, size: string): string;
  session(table: string, key: string, time: string, gap: string): string;
};

export const streaming: Windows = {
  hop: (table, time, step, size) => `hop(${table}, ${time}, interval '${step}', interval '${size}')`,
  tumble: (table, time, size) => `tumble(${table}, ${time}, interval '${size}')`,
  session: (table, key, time, gap) => `session(${table}, ${key}, ${time}, interval '${gap}')`,
};

const epoch = `timestamp '1970-01-01'`;

/** The same windows in PostgreSQL's own SQL. */
export const batch: Windows = {
  hop: (table, time, step, size) =>
    `(select t.*, s as window_start, s + interval '${size}' as window_end from ${table} t, lateral generate_series(
      date_bin('${step}', ${time}, ${epoch}) - interval '${size}' + interval '${step}',
      date_bin('${step}', ${time}, ${epoch}), interval '${step}') s)`,
  tumble: (table, time, size) =>
    `(select *, date_bin('${size}', ${time}, ${epoch}) as window_start,
      date_bin('${size}', ${time}, ${epoch}) + interval '${size}' as window_end from ${table})`,
  session: (table, key, time, gap) =>
    `(select *, min(${time}) over session as window_start, max(${time}) over session + interval '${gap}' as window_end from (
      select *, sum(fresh) over (partition by ${key} order by ${time}) as place from (
        select *, case when ${time} - lag(${time}) over (partition by ${key} order by ${time}) < interval '${gap}'
          then 0 else 1 end as fresh
        from ${table}) f) p window session as (partition by ${key}, place))`,
};

const ranks = (of: string) => `count(${of}) filter (where price < 10000) as rank1_{n},
  count(${of}) filter (where price >= 10000 and price < 1000000) as rank2_{n}, count(${of}) filter (where price >= 1000000) as rank3_{n}`;
const counts = (
  [
    ['*', 'bids'],
    ['distinct bidder', 'bidders'],
    ['distinct auction', 'auctions'],
  ] as const
)
  .map(([of, name]) => `count(${of}) as total_${name}, ${ranks(of).replaceAll('{n}', name)}`)
  .join(', ');

/**
 * The queries of Nexmark. Where ranks would depend on the order of ties, the order says more. q6 needs what Flink's dialect alone
 * has, q12 the time at which a record is processed; q13's side input is a relation `side (key, value)`.
 */
export const nexmarkQueries = (w: Windows): Readonly<Record<string, string>> => ({
  q0: 'select auction, bidder, price, datetime, extra from bid',
  q1: 'select auction, bidder, 0.908 * price as price, datetime, extra from bid',
  q2: 'select auction, price from bid where mod(auction, 123) = 0',
  q3: `select p.name, p.city, p.state, a.id from auction a join person p on a.seller = p.id
    where a.category = 10 and (p.state = 'OR' or p.state = 'ID' or p.state = 'CA')`,
  q4: `select q.category, avg(q.final) from (select max(b.price) as final, a.category from auction a, bid b
      where a.id = b.auction and b.datetime between a.datetime and a.expires group by a.id, a.category) q group by q.category`,
  q5: `with counted as (select auction, count(*) as num, window_start, window_end
      from ${w.hop('bid', 'datetime', '2 seconds', '10 seconds')} h
      group by auction, window_start, window_end)
    select c.auction, c.num, c.window_start from counted c
    join (select max(num) as most, window_start, window_end from counted group by window_start, window_end) m
    on c.window_start = m.window_start and c.window_end = m.window_end and c.num >= m.most`,
  q7: `select b.auction, b.price, b.bidder, b.datetime, b.extra from bid b
    join (select max(price) as most, window_end as at
      from ${w.tumble('bid', 'datetime', '10 seconds')} t group by window_start, window_end) m
    on b.price = m.most where b.datetime between m.at - interval '10 seconds' and m.at`,
  q8: `select p.id, p.name, p.window_start from
    (select id, name, window_start, window_end from ${w.tumble('person', 'datetime', '10 seconds')} t
      group by id, name, window_start, window_end) p
    join (select seller, window_start, window_end from ${w.tumble('auction', 'datetime', '10 seconds')} t
      group by seller, window_start, window_end) a
    on p.id = a.seller and p.window_start = a.window_start and p.window_end = a.window_end`,
  q9: `select * from (select a.*, b.auction, b.bidder, b.price, b.datetime as bid_datetime, b.extra as bid_extra,
      row_number() over (partition by a.id order by b.price desc, b.datetime, b.bidder, b.extra) as place
      from auction a, bid b where a.id = b.auction and b.datetime between a.datetime and a.expires) r where place <= 1`,
  q10: `select auction, bidder, price, datetime, extra, to_char(datetime, 'YYYY-MM-DD') as day,
    to_char(datetime, 'HH24:MI') as minute from bid`,
  q11: `select bidder, count(*) as bids, window_start, window_end from ${w.session('bid', 'bidder', 'datetime', '1 second')} s
    group by bidder, window_start, window_end`,
  q13: 'select b.auction, b.bidder, b.price, b.datetime, s.value from bid b join side s on mod(b.auction, 10000) = s.key',
  q14: `select auction, bidder, 0.908 * price as price,
      case when extract(hour from datetime) between 8 and 18 then 'dayTime'
        when extract(hour from datetime) <= 6 or extract(hour from datetime) >= 20 then 'nightTime' else 'otherTime' end as bidtimetype,
      datetime, extra, length(extra) - length(replace(extra, 'c', '')) as c_counts
    from bid where 0.908 * price > 1000000 and 0.908 * price < 50000000`,
  q15: `select to_char(datetime, 'YYYY-MM-DD') as day, ${counts} from bid group by to_char(datetime, 'YYYY-MM-DD')`,
  q16: `select channel, to_char(datetime, 'YYYY-MM-DD') as day, max(to_char(datetime, 'HH24:MI')) as minute, ${counts}
    from bid group by 1, 2`,
  q17: `select auction, to_char(datetime, 'YYYY-MM-DD') as day, count(*) as total_bids, ${ranks('*').replaceAll('{n}', 'bids')},
    min(price) as min_price, max(price) as max_price, avg(price) as avg_price, sum(price) as sum_price from bid group by 1, 2`,
  q18: `select auction, bidder, price, channel, url, datetime, extra from (select *, row_number() over (partition by bidder, auction
      order by datetime desc, price, extra, url) as place from bid) r where place <= 1`,
  q19: `select * from (select *, row_number() over (partition by auction order by price desc, datetime, bidder, extra) as place from bid) r
    where place <= 10`,
  q20: `select b.auction, b.bidder, b.price, b.channel, b.url, b.datetime, b.extra, a.itemname, a.description, a.initialbid, a.reserve,
      a.datetime as a_datetime, a.expires, a.seller, a.category, a.extra as a_extra
    from bid b join auction a on b.auction = a.id where a.category = 10`,
  q21: `select auction, bidder, price, channel, case when lower(channel) = 'apple' then '0' when lower(channel) = 'google' then '1'
      when lower(channel) = 'facebook' then '2' when lower(channel) = 'baidu' then '3'
      else split_part(split_part(url, 'channel_id=', 2), '&', 1) end as channel_id
    from bid where url like '%channel\\_id=%' or lower(channel) in ('apple', 'google', 'facebook', 'baidu')`,
  q22: `select auction, bidder, price, channel, split_part(url, '/', 4) as dir1, split_part(url, '/', 5) as dir2,
    split_part(url, '/', 6) as dir3 from bid`,
});

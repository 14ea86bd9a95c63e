import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntityJson } from '../action-entity.ts';
import { engineSet, parsePolicies } from '../authority.ts';
import { compilePolicySet } from '../compile.ts';
import { entityStore } from '../entity-store.ts';

const uid = (type: string, id: string) => ({ type, id });
const entities: EntityJson[] = [
  {
    uid: uid('User', 'ada'),
    attrs: {
      age: 36,
      name: 'Ada',
      boss: { __entity: uid('User', 'bob') },
      ghost: { __entity: uid('User', 'nobody') },
      home: { city: 'Linz', zip: { code: 4020 } },
      constructor: 1,
    },
    parents: [uid('Group', 'staff')],
    tags: { level: 'gold', age: 'old' },
  },
  { uid: uid('User', 'bob'), attrs: { age: 40 }, parents: [uid('Group', 'chiefs')] },
  { uid: uid('Group', 'chiefs'), attrs: {}, parents: [uid('Group', 'staff')] },
  { uid: uid('Group', 'staff'), attrs: {}, parents: [] },
];
const request = {
  principal: uid('User', 'ada'),
  action: uid('Action', 'view'),
  resource: uid('Doc', 'unknown'),
  context: {
    n: 5,
    text: 'hello',
    list: [1, 2, 'x'],
    nested: [[1, 2], [2]],
    ip: { __extn: { fn: 'ip', arg: '10.1.2.3' } },
    yes: true,
    odd: { __entity: uid('User', 'ada'), x: 1 },
    big: 9007199254740993n,
  },
};

/** Conditions by what they come to; a line each. */
const conditions: Record<'holds' | 'fails to hold' | 'is an error', string> = {
  holds: `
    true && true
    false || true
    true || context.missing
    !(false && context.missing)
    if context.yes then true else context.missing
    1 == 1 && 1 != 2 && "1" != 1 && [1] != 1 && {a: 1} != 1
    {a: 1, b: [2]} == {b: [2, 2], a: 1}
    [[1, 2], [3]] == [[3], [2, 1], [1, 2]]
    [[[1], [2]], [[3]]] == [[[3]], [[2], [1]]]
    [1, 1, 2] == [2, 1]
    [1, "1", true] != [1, true]
    [{a: 1}, {a: 2}].contains({a: 2})
    [{a: [1, 2]}] == [{a: [2, 1]}]
    [User::"ada", Doc::"x"].contains(principal)
    [User::"ada"].contains(principal) && !["User::\\"ada\\""].contains(principal)
    [1, 2, 3].containsAll([3, 1]) && ![1, 2].containsAll([1, 3]) && [1].containsAll([])
    ![1, "a"].containsAll([true]) && ![[1]].containsAll([[2]])
    [1, 2].containsAny([9, 2]) && ![1, 2].containsAny(["1"]) && ![1].containsAny([]) && [[1]].containsAny([2, [1]])
    [].isEmpty() && ![[]].isEmpty()
    [ip("1.1.1.1"), decimal("1.0"), datetime("2020-01-01"), duration("1h")].containsAll([decimal("1.00"), duration("60m"), ip("1.1.1.1/32")])
    context.nested.contains([2, 1]) && context.list.contains("x")
    principal in Group::"staff" && principal in [Doc::"a", Group::"staff"] && principal in principal
    User::"bob" in Group::"staff" && !(Group::"staff" in User::"bob")
    User::"nobody" in User::"nobody" && !(User::"nobody" in Group::"staff") && resource in [resource]
    !(principal in [])
    principal is User && !(principal is Group) && User::"nobody" is User && !(principal is A::User)
    principal is User in Group::"staff" && !(principal is Doc in context.missing)
    principal has age && principal has "name" && !(principal has "age ") && !(resource has age)
    principal has home.zip.code && !(principal has home.street.code)
    principal.boss.age == 40 && principal["home"]["zip"].code == 4020
    !(principal.boss has name) && !(principal.ghost has age)
    {"a b": 1}["a b"] == 1 && {"__proto__": 2} has "__proto__" && {"__proto__": 2}["__proto__"] == 2
    principal.constructor == 1 && !({} has constructor) && !({} has "__proto__") && !(context has toString)
    principal.hasTag("level") && principal.getTag("level") == "gold" && !principal.hasTag("name")
    principal.getTag("age") == "old"
    !User::"bob".hasTag("level") && !resource.hasTag("level") && !principal.hasTag("__proto__")
    "hello" like "h*o" && "hello" like "*" && "" like "*" && "" like "" && !("hello" like "h*x")
    !("a" like "a*a") && !("ab" like "ab*b")
    "a*c" like "a\\*c" && !("abc" like "a\\*c") && "aXbXc" like "*X*X*" && !("aXb" like "*X*X*")
    "abab" like "*ab" && !("aab" like "a*ab*b")
    "\\u{1F600}" like "*" && !("" like "\\u{1F600}") && "x\\u{1F600}y" like "x*y"
    9223372036854775807 + 0 == 9223372036854775807 && -9223372036854775808 < -9223372036854775807
    context.big == 9007199254740993 && context.big != 9007199254740992 && context.big + 1 == 9007199254740994
    context.big - 9007199254740992 == 1
    9007199254740991 + 1 == 9007199254740992 && 9007199254740991 + 2 > 9007199254740992
    3037000499 * 3037000499 == 9223372030926249001
    -(-5) == 5 && - context.n == -5 && 0 * -1 == 0 && 2 - 3 < 0 && 1 + 2 * 3 == 7
    context.odd.x == 1 && context.odd["__entity"].id == "ada" && context.odd != principal
    1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && !(3 <= 2) && !(2 < 2)
    -9223372036854775807 - 1 == -9223372036854775808 && (-4611686018427387904) * 2 == -9223372036854775808
    decimal("1.5").lessThan(decimal("1.51")) && decimal("-1.0").lessThanOrEqual(decimal("-1.0"))
    decimal("2.0").greaterThan(decimal("1.9999")) && decimal("1.0").greaterThanOrEqual(decimal("1.0"))
    decimal("922337203685477.5807") != decimal("922337203685477.5806") && decimal("-0.0") == decimal("0.0")
    decimal("-0.5").lessThan(decimal("0.0"))
    context.ip.isInRange(ip("10.0.0.0/8")) && context.ip.isIpv4() && !context.ip.isIpv6()
    !context.ip.isLoopback() && !ip("10.0.0.0/8").isInRange(context.ip)
    ip("10.0.0.0/8") != ip("10.0.0.0/9") && ip("10.0.0.1/24") != ip("10.0.0.0/24")
    ip("10.0.0.1") == ip("10.0.0.1/32")
    ip("127.0.0.1").isLoopback() && ip("127.0.0.0/8").isLoopback() && !ip("127.0.0.0/7").isLoopback()
    ip("::1").isLoopback() && !ip("::1/127").isLoopback()
    ip("224.0.0.0/4").isMulticast() && !ip("224.0.0.0/3").isMulticast() && ip("239.255.255.255").isMulticast()
    !ip("240.0.0.0").isMulticast() && ip("ff00::/8").isMulticast() && !ip("ff00::/7").isMulticast()
    ip("1.2.3.4").isInRange(ip("0.0.0.0/0")) && ip("2001:db8::1").isInRange(ip("2001:db8::/32"))
    ip("::").isInRange(ip("::/0")) && !ip("0.0.0.1").isInRange(ip("::/0"))
    ip("1:2:3:4:5:6:7::") == ip("1:2:3:4:5:6:7:0") && ip("::2:3:4:5:6:7:8") == ip("0:2:3:4:5:6:7:8")
    ip("A::b") == ip("a:0::B")
    datetime("2024-01-01") < datetime("2024-01-01T00:00:00.001Z")
    datetime("2024-01-01T01:00:00+0100") == datetime("2024-01-01")
    datetime("2024-01-01T00:00:00-0030") == datetime("2024-01-01T00:30:00Z")
    datetime("2024-03-01").durationSince(datetime("2024-02-28")) == duration("2d")
    datetime("2000-02-29") < datetime("2000-03-01")
    datetime("2023-03-01").durationSince(datetime("2023-02-28")) == duration("1d")
    datetime("1900-03-01").durationSince(datetime("1900-02-28")) == duration("1d")
    datetime("1970-01-01").toTime() == duration("0ms")
    datetime("1969-12-31T23:00:00Z").toTime() == duration("23h")
    datetime("1969-12-31T23:00:00Z").toDate() == datetime("1969-12-31")
    datetime("2024-05-05T10:00:00Z").offset(duration("-10h")).toDate() == datetime("2024-05-05")
    datetime("0000-01-01") < datetime("0001-01-01")
    duration("1d2h3m4s5ms").toMilliseconds() == 93784005 && duration("120m").toHours() == 2
    duration("-119m").toHours() == -1 && duration("120s").toMinutes() == 2
    duration("2000ms").toSeconds() == 2 && duration("48h").toDays() == 2 && duration("59s").toMinutes() == 0
    duration("-1999ms").toSeconds() == -1 && duration("47h").toDays() == 1
    duration("9223372036854775807ms").toMilliseconds() == 9223372036854775807
    duration("-9223372036854775808ms").toDays() == -106751991167
    duration("1h") < duration("61m") && duration("1h") >= duration("60m")`,
  'fails to hold': `
    false
    context.n == "5"
    principal == resource
    "a" == "A"
    context.yes == 1
    {a: 1} == {a: 1, b: 2}
    principal in resource
    resource is User`,
  'is an error': `
    1
    true && 1
    false || "x"
    (true && 5) == 5
    (false || 5) == 5
    1 && true
    !1
    if 1 then true else true
    context.missing
    context.missing == 1 || true
    principal.missing == 1
    resource.age == 1
    principal.ghost.age == 1
    principal.age.x == 1
    principal.age has x
    principal has age.x
    context.n has a.b
    context.n.x == 1
    resource.getTag("x") == "y"
    principal.getTag("nothing") == "y"
    principal.hasTag(1)
    "x".hasTag("y")
    principal.constructor.x == 1
    context["__proto__"] == 1
    context.constructor == 1
    1 < "2"
    "a" < "b"
    true < false
    [1] < [2]
    decimal("1.0") < decimal("2.0")
    datetime("2024-01-01") < duration("1d")
    datetime("2024-01-01") < 1
    1 + "1" == 2
    -"1" == -1
    9223372036854775807 + 1 == 0
    -9223372036854775808 - 1 == 0
    4611686018427387904 * 2 == 0
    -(-9223372036854775808) == 0
    context.big * context.big == 0
    1.contains(1)
    [1].containsAll(1)
    1.containsAny([1])
    1.isEmpty()
    1 in principal
    principal in 1
    principal in [principal, 1]
    1 is User
    1 is User in principal
    principal is User in 1
    1 like "*"
    ip("1.1.1.1") like "*"
    ip("300.1.1.1") == 1
    ip("::ffff:1.2.3.4") == 1
    ip("1:2:3:4:5:6:7:8::") == 1
    ip("1:2:3:4::5:6:7:8") == 1
    ip("01.1.1.1") == 1
    ip("1.1.1.1/33") == 1
    ip(1) == 1
    context.text.isIpv4()
    context.ip.isInRange("10.0.0.0/8")
    decimal("1") == 1
    decimal("1.23456") == 1
    decimal("922337203685477.5808") == 1
    decimal("1.0").lessThan(1)
    datetime("2023-02-29") == 1
    datetime("1900-02-29") == 1
    datetime("2024-01-01T00:00:00") == 1
    datetime("2024-01-01T24:00:00Z") == 1
    datetime("2024-01-01T00:00:00+2400") == 1
    duration("") == 1
    duration("-") == 1
    duration("1m1h") == 1
    duration("9223372036854775808ms") == 1
    datetime("9999-12-31").offset(duration("9223372036854775807ms")) == 1
    datetime("1970-01-01").offset(duration("-9223372036854775808ms")).toDate() == 1
    datetime("0000-01-01").durationSince(datetime("1970-01-01").offset(duration("9223372036854775807ms"))) == 1
    datetime("2024-01-01").offset(1) == 1
    context.n.toDays() == 1
    context.ip.isIpv4(1)
    ip() == 1`,
};

for (const [outcome, lines] of Object.entries(conditions)) {
  test(`a condition that ${outcome} is decided so, by the closures and by the engine`, () => {
    const texts = lines
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const policies = texts.map((text) => ({ id: text, text: `permit (principal, action, resource) when { ${text} };` }));
    const compiled = compilePolicySet(policies.map(({ id, text }) => ({ id, est: parsePolicies(text)[0]?.est }))).decide(
      request,
      entityStore(entities),
    );
    const engine = engineSet(policies).decide(request, entities);
    for (const [side, decision] of Object.entries({ compiled, engine })) {
      const errors = decision.errors.map(({ policy }) => policy);
      const kind = (id: string) => (decision.reasons.includes(id) ? 'holds' : errors.includes(id) ? 'is an error' : 'fails to hold');
      assert.deepEqual(
        texts.filter((text) => kind(text) !== outcome).map((text) => `${side}: ${text} ${kind(text)}`),
        [],
      );
    }
    for (const { message } of compiled.errors) assert.match(message, /^[^\n]{5,300}$/);
  });
}

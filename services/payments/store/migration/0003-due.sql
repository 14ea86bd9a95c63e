-- What happens by itself: `due` says when, in seconds since 1970, and `clock` by which test clock; without one, by that of the world.
create index object_due on object (tenant, scope, (hidden->>'clock'), ((hidden->>'due')::bigint)) where hidden ? 'due';
create index object_clock on object (tenant, scope, (body->>'test_clock')) where body->>'test_clock' is not null;

-- The snapshot holds one record for each policy of an organization: what it held of all in one is written anew.
select note_change(id, 'policies', array[id::text]) from organization order by id;

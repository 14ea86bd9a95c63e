-- The snapshot says what keys are called, because policies speak of them by name.
select note_change(id, 'keys', array[id::text]) from organization order by id;

SELECT COUNT(*) FROM demo.trips WHERE zone = ANY (ARRAY[1,2])
SELECT COUNT(*) FROM demo.trips WHERE zone = ANY ([1,2])
SELECT COUNT(*) FROM demo.trips WHERE zone IN (SELECT zone FROM demo.trips)
SELECT COUNT(*) FROM demo.trips WHERE EXISTS (SELECT 1)
SELECT COUNT(*) FROM demo.trips WHERE (zone, mode) = (1, 'bus')
SELECT COUNT(*) FROM demo.trips WHERE (zone, mode) IN ((1, 'bus'))
SELECT COUNT(*) FROM demo.trips WHERE ROW(zone, mode) = ROW(1, 'bus')
SELECT COUNT(*) FROM demo.trips WHERE zone BETWEEN SYMMETRIC 3 AND 1
SELECT COUNT(*) FROM demo.trips WHERE mode SIMILAR TO 'b%'
SELECT COUNT(*) FROM demo.trips WHERE mode ~ 'b.*'
SELECT COUNT(*) FROM demo.trips WHERE mode ~* 'b.*'
SELECT COUNT(*) FROM demo.trips WHERE mode !~ 'b.*'
SELECT COUNT(*) FROM demo.trips WHERE mode !~~ 'b%'
SELECT COUNT(*) FROM demo.trips WHERE mode ~~ 'b%'
SELECT COUNT(*) FROM demo.trips WHERE mode ~~~ 'b*'
SELECT COUNT(*) FROM demo.trips WHERE mode GLOB 'b*'
SELECT COUNT(*) FROM demo.trips WHERE mode ^@ 'b'
SELECT COUNT(*) FROM demo.trips WHERE zone IS UNKNOWN
SELECT COUNT(*) FROM demo.trips WHERE paid IS UNKNOWN
SELECT COUNT(*) FROM demo.trips WHERE paid IS NOT UNKNOWN
SELECT COUNT(*) FROM demo.trips WHERE paid ISNULL
SELECT COUNT(*) FROM demo.trips WHERE paid NOTNULL
SELECT COUNT(*) FROM demo.trips WHERE paid IS NOT NULL AND NOT paid
SELECT COUNT(*) FROM demo.trips WHERE zone & 1 = 1
SELECT COUNT(*) FROM demo.trips WHERE zone | 1 = 1
SELECT COUNT(*) FROM demo.trips WHERE xor(zone, 1) = 1
SELECT COUNT(*) FROM demo.trips WHERE zone << 1 = 2
SELECT COUNT(*) FROM demo.trips WHERE zone >> 1 = 2
SELECT COUNT(*) FROM demo.trips WHERE ~zone = 2
SELECT COUNT(*) FROM demo.trips WHERE zone ^ 2 = 4
SELECT COUNT(*) FROM demo.trips WHERE zone ** 2 = 4
SELECT COUNT(*) FROM demo.trips WHERE zone // 2 = 1
SELECT COUNT(*) FROM demo.trips WHERE zone % 2 = 1
SELECT COUNT(*) FROM demo.trips WHERE zone == 1
SELECT COUNT(*) FROM demo.trips WHERE zone != 1
SELECT COUNT(*) FROM demo.trips WHERE zone! = 1
SELECT COUNT(*) FROM demo.trips WHERE @zone = 1
SELECT COUNT(*) FROM demo.trips WHERE -zone = 1 AND +zone = 1
SELECT COUNT(*) FROM demo.trips WHERE started AT TIME ZONE 'UTC' > TIMESTAMP '2024-01-01'
SELECT COUNT(*) FROM demo.trips WHERE started > TIMESTAMPTZ '2024-01-01 00:00:00+00'
SELECT COUNT(*) FROM demo.trips WHERE started > TIMESTAMP WITH TIME ZONE '2024-01-01 00:00:00+00'
SELECT COUNT(*) FROM demo.trips WHERE started::TIME > TIME '12:00'
SELECT COUNT(*) FROM demo.trips WHERE (day, day) OVERLAPS (day, day)
SELECT COUNT(*) FROM demo.trips WHERE mode COLLATE NOCASE = 'BUS'
SELECT COUNT(*) FROM demo.trips WHERE mode COLLATE "C" = 'BUS'
SELECT COUNT(*) FROM demo.trips WHERE mode = E'a\nb'
SELECT COUNT(*) FROM demo.trips WHERE mode = $$bus$$
SELECT COUNT(*) FROM demo.trips WHERE mode = 'b' 'us'
SELECT COUNT(*) FROM demo.trips WHERE mode = 'b' || 'us'
SELECT COUNT(*) FROM demo.trips WHERE mode = U&'\0061'
SELECT COUNT(*) FROM demo.trips WHERE mode = x'6162'
SELECT COUNT(*) FROM demo.trips WHERE mode = '\x61'::BLOB
SELECT COUNT(*) FROM demo.trips WHERE zone = 0x1F
SELECT COUNT(*) FROM demo.trips WHERE zone = 0b11
SELECT COUNT(*) FROM demo.trips WHERE zone = 1_000
SELECT COUNT(*) FROM demo.trips WHERE fare = 1e3 OR fare = .5 OR fare = 5.
SELECT COUNT(*) FROM demo.trips WHERE zone = 1 -- comment
SELECT COUNT(*) /* comment */ FROM demo.trips
SELECT COUNT(*) FROM demo.trips;
FROM demo.trips SELECT COUNT(*)
FROM demo.trips
SELECT COUNT() FROM demo.trips
SELECT COUNT(*) AS "n m" FROM demo.trips
SELECT COUNT(*) n FROM demo.trips
SELECT n: COUNT(*) FROM demo.trips
SELECT 'n': COUNT(*) FROM demo.trips
SELECT ALL COUNT(*) FROM demo.trips
SELECT * FROM demo.trips
SELECT t.* FROM demo.trips t
SELECT * EXCLUDE (mode) FROM demo.trips
SELECT * REPLACE (1 AS zone) FROM demo.trips
SELECT * RENAME (zone AS z) FROM demo.trips
SELECT COLUMNS('z.*') FROM demo.trips
SELECT MIN(COLUMNS(*)) FROM demo.trips
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode ORDER BY ALL
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode ORDER BY COUNT(*) DESC NULLS FIRST
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode ORDER BY 2 USING >
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode LIMIT 10 PERCENT
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode LIMIT 10%
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode LIMIT (SELECT 1)
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode LIMIT ALL
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode FETCH FIRST ROW ONLY
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode FETCH FIRST 3 ROWS WITH TIES
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode FOR UPDATE
SELECT mode, COUNT(*) FROM demo.trips GROUP BY ()
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode, ()
SELECT mode, COUNT(*) FROM demo.trips GROUP BY DISTINCT mode
SELECT mode, COUNT(*) FROM demo.trips GROUP BY ALL
SELECT mode, zone, COUNT(*) FROM demo.trips GROUP BY mode, zone WITH ROLLUP
SELECT mode, zone, COUNT(*) FROM demo.trips GROUP BY ROLLUP (mode = 'bus', zone)
SELECT mode, zone, COUNT(*) FROM demo.trips GROUP BY GROUPING SETS (mode, zone, (mode, zone))
SELECT mode, zone, COUNT(*) FROM demo.trips GROUP BY GROUPING SETS ((mode), (zone))
SELECT mode, zone, COUNT(*) FROM demo.trips GROUP BY GROUPING SETS (ROLLUP (mode, zone), CUBE (mode))
SELECT mode, GROUPING(mode), GROUPING_ID(mode), COUNT(*) FROM demo.trips GROUP BY ROLLUP (mode)
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode HAVING COUNT(*) > 1
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode QUALIFY ROW_NUMBER() OVER (ORDER BY COUNT(*)) = 1
SELECT mode, COUNT(*) OVER w FROM demo.trips GROUP BY mode WINDOW w AS (ORDER BY mode)
SELECT mode, SUM(COUNT(*)) OVER (ORDER BY mode ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM demo.trips GROUP BY mode
SELECT mode, SUM(COUNT(*)) OVER (ORDER BY mode GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM demo.trips GROUP BY mode
SELECT mode, SUM(COUNT(*)) OVER (ORDER BY COUNT(*) RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM demo.trips GROUP BY mode
SELECT mode, NTH_VALUE(COUNT(*), 2) OVER (ORDER BY mode) FROM demo.trips GROUP BY mode
SELECT mode, FIRST_VALUE(COUNT(*) IGNORE NULLS) OVER (ORDER BY mode) FROM demo.trips GROUP BY mode
SELECT mode, LAG(COUNT(*), 1, 0) OVER (ORDER BY mode) FROM demo.trips GROUP BY mode
SELECT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY fare) FROM demo.trips
SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY distance DESC) FROM demo.trips
SELECT PERCENTILE_CONT([0.1, 0.5]) WITHIN GROUP (ORDER BY distance) FROM demo.trips
SELECT QUANTILE_CONT(distance, [0.1, 0.5]) FROM demo.trips
SELECT QUANTILE_DISC(distance, 0.5) FROM demo.trips
SELECT QUANTILE(distance, 0.5) FROM demo.trips
SELECT STRING_AGG(mode, ',') FROM demo.trips
SELECT STRING_AGG(mode, ',' ORDER BY mode) FROM demo.trips
SELECT LISTAGG(mode, ',') WITHIN GROUP (ORDER BY mode) FROM demo.trips
SELECT GROUP_CONCAT(mode) FROM demo.trips
SELECT ARRAY_AGG(mode) FROM demo.trips
SELECT ARRAY_AGG(mode ORDER BY mode DESC) FILTER (WHERE paid) FROM demo.trips
SELECT LIST(mode) FROM demo.trips
SELECT FIRST(mode) FROM demo.trips
SELECT LAST(mode) FROM demo.trips
SELECT ANY_VALUE(mode) FROM demo.trips
SELECT ARG_MAX(mode, fare) FROM demo.trips
SELECT MAX_BY(mode, fare) FROM demo.trips
SELECT MIN(fare, 3) FROM demo.trips
SELECT COUNT(DISTINCT mode, zone) FROM demo.trips
SELECT COUNT(DISTINCT (mode, zone)) FROM demo.trips
SELECT SUM(DISTINCT fare) FROM demo.trips
SELECT AVG(ALL fare) FROM demo.trips
SELECT SUM(fare ORDER BY day) FROM demo.trips
SELECT APPROX_COUNT_DISTINCT(mode) FROM demo.trips
SELECT APPROX_QUANTILE(fare, 0.5) FROM demo.trips
SELECT BIT_AND(zone), BIT_OR(zone), BIT_XOR(zone) FROM demo.trips
SELECT PRODUCT(zone) FROM demo.trips
SELECT FSUM(fare), KAHAN_SUM(fare), FAVG(fare) FROM demo.trips
SELECT GEOMEAN(fare), GEOMETRIC_MEAN(fare) FROM demo.trips
SELECT SKEWNESS(fare), KURTOSIS(fare), ENTROPY(fare), MAD(fare), SEM(fare) FROM demo.trips
SELECT STDDEV(fare), VARIANCE(fare), STDDEV_POP(fare), VAR_POP(fare) FROM demo.trips
SELECT COUNT_STAR() FROM demo.trips
SELECT SUM_NO_OVERFLOW(zone) FROM demo.trips
SELECT HISTOGRAM(fare, [1, 2]) FROM demo.trips
SELECT MODE(mode), MEDIAN(distance) FROM demo.trips
SELECT BOOL_AND(paid), EVERY(paid), LOGICAL_OR(paid) FROM demo.trips
SELECT REGR_SLOPE(fare, stops), CORR(fare, stops) FROM demo.trips
SELECT JSON_GROUP_ARRAY(mode) FROM demo.trips
SELECT JSON_OBJECT('a', COUNT(*)) FROM demo.trips
SELECT {'a': COUNT(*)} FROM demo.trips
SELECT MAP {'a': COUNT(*)} FROM demo.trips
SELECT STRUCT_PACK(a := COUNT(*)) FROM demo.trips
SELECT [COUNT(*)] FROM demo.trips
SELECT LIST_VALUE(COUNT(*)) FROM demo.trips
SELECT ROW(COUNT(*)) FROM demo.trips
SELECT (COUNT(*), 1) FROM demo.trips
SELECT COUNT(*)::VARCHAR FROM demo.trips
SELECT CAST(COUNT(*) AS DECIMAL(10, 2)) FROM demo.trips
SELECT COUNT(*)::NUMERIC FROM demo.trips
SELECT COUNT(*)::FLOAT4 FROM demo.trips
SELECT COUNT(*)::HUGEINT FROM demo.trips
SELECT TRY_CAST(COUNT(*) AS UTINYINT) FROM demo.trips
SELECT CASE mode WHEN 'bus' THEN 1 ELSE 0 END AS b, COUNT(*) FROM demo.trips GROUP BY b
SELECT IF(zone = 1, 'a', 'b') AS b, COUNT(*) FROM demo.trips GROUP BY b
SELECT IIF(zone = 1, 'a', 'b') AS b, COUNT(*) FROM demo.trips GROUP BY b
SELECT DECODE(zone, 1, 'a', 'b') AS b, COUNT(*) FROM demo.trips GROUP BY b
SELECT mode, COUNT(*) FROM demo.trips t JOIN demo.trips u ON t.zone = u.zone GROUP BY mode
SELECT COUNT(*) FROM demo.trips, demo.trips u
SELECT COUNT(*) FROM demo.trips NATURAL JOIN demo.trips
SELECT COUNT(*) FROM demo.trips ASOF JOIN demo.trips u USING (zone)
SELECT COUNT(*) FROM demo.trips POSITIONAL JOIN demo.trips u
SELECT COUNT(*) FROM demo.trips SEMI JOIN demo.trips u USING (zone)
SELECT COUNT(*) FROM demo.trips ANTI JOIN demo.trips u USING (zone)
SELECT COUNT(*) FROM demo.trips CROSS JOIN LATERAL (SELECT 1) x
SELECT COUNT(*) FROM demo.trips, UNNEST([1, 2]) AS u(x)
SELECT COUNT(*) FROM demo.trips, generate_series(1, 3)
SELECT COUNT(*) FROM demo.trips TABLESAMPLE 10%
SELECT COUNT(*) FROM demo.trips TABLESAMPLE RESERVOIR (20 ROWS)
SELECT COUNT(*) FROM demo.trips USING SAMPLE 10%
SELECT COUNT(*) FROM demo.trips TABLESAMPLE BERNOULLI (10)
SELECT COUNT(*) FROM demo.trips AS t (a, b)
SELECT COUNT(*) FROM ONLY demo.trips
SELECT COUNT(*) FROM 'file.parquet'
SELECT COUNT(*) FROM read_csv('x.csv')
SELECT COUNT(*) FROM (VALUES (1), (2)) v(x)
SELECT COUNT(*) FROM (SELECT * FROM demo.trips)
SELECT COUNT(*) FROM (FROM demo.trips)
SELECT COUNT(*) FROM demo.trips WHERE zone = 1 UNION ALL SELECT COUNT(*) FROM demo.trips
SELECT COUNT(*) FROM demo.trips INTERSECT SELECT COUNT(*) FROM demo.trips
SELECT COUNT(*) FROM demo.trips EXCEPT ALL SELECT COUNT(*) FROM demo.trips
SELECT COUNT(*) FROM demo.trips UNION BY NAME SELECT COUNT(*) FROM demo.trips
(SELECT COUNT(*) FROM demo.trips)
((SELECT COUNT(*) FROM demo.trips))
(SELECT COUNT(*) FROM demo.trips) LIMIT 1
WITH q AS (SELECT COUNT(*) AS n FROM demo.trips) SELECT n FROM q
WITH q AS MATERIALIZED (SELECT COUNT(*) AS n FROM demo.trips) SELECT n FROM q
WITH q AS NOT MATERIALIZED (SELECT COUNT(*) AS n FROM demo.trips) SELECT n FROM q
WITH q(n) AS (SELECT COUNT(*) FROM demo.trips) SELECT n FROM q
WITH RECURSIVE q AS (SELECT COUNT(*) AS n FROM demo.trips) SELECT n FROM q
WITH q AS (SELECT COUNT(*) AS n FROM demo.trips) FROM q
WITH q AS (SELECT COUNT(*) AS n FROM demo.trips) TABLE q
TABLE demo.trips
VALUES (1)
SELECT DISTINCT ON (mode) mode, COUNT(*) FROM demo.trips GROUP BY mode
SELECT TOP 3 mode, COUNT(*) FROM demo.trips GROUP BY mode
SELECT COUNT(*) INTO x FROM demo.trips
SELECT mode, COUNT(*) FROM demo.trips WHERE rowid = 1 GROUP BY mode
SELECT COUNT(*) FROM demo.trips WHERE random() < 0.5
SELECT COUNT(*) FROM demo.trips WHERE zone IN (1, 2, NULL)
SELECT COUNT(*) FROM demo.trips WHERE zone NOT IN (1, 2)
SELECT COUNT(*) FROM demo.trips WHERE mode IN ('bus')
SELECT COUNT(*) FROM demo.trips WHERE NOT (zone = 1)
SELECT COUNT(*) FROM demo.trips WHERE mode LIKE ANY (ARRAY['a%'])
SELECT COUNT(*) FROM demo.trips WHERE mode LIKE 'a!%' ESCAPE '!'
SELECT COUNT(*) FROM demo.trips WHERE mode NOT ILIKE 'B%'
SELECT COUNT(*) FROM demo.trips WHERE extract(year FROM day) = 2024 AND date_part('month', day) = 1
SELECT COUNT(*) FROM demo.trips WHERE extract('year' FROM day) = 2024
SELECT COUNT(*) FROM demo.trips WHERE extract(millennium FROM day) = 2
SELECT COUNT(*) FROM demo.trips WHERE extract(milliseconds FROM started) = 2
SELECT COUNT(*) FROM demo.trips WHERE day > current_date - INTERVAL '1 year 2 months'
SELECT COUNT(*) FROM demo.trips WHERE day > current_date - INTERVAL (zone) DAY
SELECT COUNT(*) FROM demo.trips WHERE day > current_date - zone
SELECT COUNT(*) FROM demo.trips WHERE day > DATE '2024-01-01' + 7
SELECT COUNT(*) FROM demo.trips WHERE started > now() - INTERVAL '24:00:00'
SELECT COUNT(*) FROM demo.trips WHERE day = 'today'::DATE
SELECT COUNT(*) FROM demo.trips WHERE day = DATE 'infinity'
SELECT COUNT(*) FROM demo.trips WHERE age(day) > INTERVAL 1 YEAR
SELECT COUNT(*) FROM demo.trips WHERE substring(mode FROM 1 FOR 2) = 'bu'
SELECT COUNT(*) FROM demo.trips WHERE substring(mode, 2) = 'us'
SELECT COUNT(*) FROM demo.trips WHERE mode[1] = 'b'
SELECT COUNT(*) FROM demo.trips WHERE mode[1:2] = 'bu'
SELECT COUNT(*) FROM demo.trips WHERE position('u' IN mode) = 2
SELECT COUNT(*) FROM demo.trips WHERE overlay(mode PLACING 'x' FROM 1 FOR 1) = 'xus'
SELECT COUNT(*) FROM demo.trips WHERE trim(BOTH 'b' FROM mode) = 'us'
SELECT COUNT(*) FROM demo.trips WHERE trim(mode, 'b') = 'us'
SELECT COUNT(*) FROM demo.trips WHERE mode.upper() = 'BUS'
SELECT COUNT(*) FROM demo.trips WHERE list_contains([1, 2], zone)
SELECT COUNT(*) FROM demo.trips WHERE [x for x in [1, 2]] IS NULL
SELECT COUNT(*) FROM demo.trips WHERE list_transform([1], x -> x + 1) IS NULL
SELECT COUNT(*) FROM demo.trips WHERE list_transform([1], lambda x: x + 1) IS NULL
SELECT COUNT(*) FROM demo.trips WHERE mode->>'a' = 'b'
SELECT COUNT(*) FROM demo.trips WHERE mode->'$.a' = 'b'
SELECT COUNT(*) FROM demo.trips WHERE mode #>> '{a}' = 'b'
SELECT COUNT(*) FROM demo.trips WHERE mode @> 'a'
SELECT COUNT(*) FROM demo.trips WHERE zone = (SELECT MAX(zone) FROM demo.trips)
SELECT COUNT(*) FROM demo.trips WHERE zone > ALL (SELECT 1)
SELECT COUNT(*) FROM demo.trips WHERE zone = SOME (SELECT 1)
SELECT (SELECT COUNT(*) FROM demo.trips)
SELECT COUNT(*), (SELECT 1) FROM demo.trips
SELECT 1
SELECT
SELECT COUNT(*) FILTER (WHERE paid) / COUNT(*) FROM demo.trips
SELECT COUNT(*) FILTER (paid) FROM demo.trips
SELECT SUM(fare) FILTER paid FROM demo.trips
SELECT COUNT(*) + 1 AS n, n * 2 AS m FROM demo.trips
SELECT mode AS m, COUNT(*) FROM demo.trips WHERE m = 'bus' GROUP BY m
SELECT "mode", COUNT(*) FROM "demo"."trips" GROUP BY "mode"
SELECT demo.trips.mode, COUNT(*) FROM demo.trips GROUP BY demo.trips.mode
SELECT trips.mode, COUNT(*) FROM demo.trips GROUP BY trips.mode
SELECT COUNT(*) FROM demo.trips WHERE trips.zone = 1
PIVOT demo.trips ON mode USING COUNT(*)
UNPIVOT demo.trips ON zone INTO NAME n VALUE v
SELECT * FROM demo.trips PIVOT (COUNT(*) FOR mode IN ('bus', 'tram'))
SUMMARIZE demo.trips
DESCRIBE demo.trips
SHOW TABLES
EXPLAIN SELECT COUNT(*) FROM demo.trips
EXPLAIN ANALYZE SELECT COUNT(*) FROM demo.trips
PRAGMA version
SET x = 1
COPY demo.trips TO 'x'
CREATE TABLE x AS SELECT COUNT(*) FROM demo.trips
INSERT INTO x SELECT COUNT(*) FROM demo.trips
UPDATE demo.trips SET zone = 1
DELETE FROM demo.trips
ATTACH 'x'
CALL f()
BEGIN
EXECUTE x
PREPARE x AS SELECT 1
SELECT COUNT(*) FROM demo.trips ORDER BY RANDOM()
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode ORDER BY mode COLLATE NOCASE
SELECT COUNT(*) FROM demo.trips AT (VERSION => 1)
SELECT COUNT(*) FROM demo.trips FOR SYSTEM_TIME AS OF now()
SELECT COUNT(*) FROM demo.trips MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS TRUE)
SELECT mode, COUNT(*) FROM demo.trips GROUP BY 1 HAVING mode LIKE 'b%'
SELECT MAX(day) - MIN(day) FROM demo.trips
SELECT date_diff('day', MIN(day), MAX(day)) FROM demo.trips
SELECT MIN(day) + INTERVAL 1 DAY FROM demo.trips
SELECT GREATEST(MIN(fare), 0), COALESCE(MAX(fare), 0), NULLIF(COUNT(*), 0) FROM demo.trips
SELECT printf('%d', COUNT(*)), format('{}', COUNT(*)) FROM demo.trips
SELECT ROUND(AVG(fare), 2), ROUND(AVG(fare)::NUMERIC, 2) FROM demo.trips
SELECT 100.0 * SUM(CASE WHEN paid THEN 1 ELSE 0 END) / COUNT(*) FROM demo.trips
SELECT COUNT(CASE WHEN paid THEN 1 END) FROM demo.trips
SELECT SUM(paid::INT), AVG(CASE WHEN paid THEN 1.0 ELSE 0 END) FROM demo.trips
SELECT TRUE AS t, COUNT(*) FROM demo.trips
SELECT NULL AS t, COUNT(*) FROM demo.trips
SELECT 'x' AS t, COUNT(*) FROM demo.trips
SELECT INTERVAL 1 DAY, COUNT(*) FROM demo.trips
SELECT COUNT(*) FROM demo.trips WHERE paid = 't'
SELECT COUNT(*) FROM demo.trips WHERE paid AND TRUE OR FALSE
SELECT COUNT(*) FROM demo.trips WHERE paid IN (TRUE)
SELECT COUNT(*) FROM demo.trips WHERE 1
SELECT COUNT(*) FROM demo.trips WHERE 'a'
SELECT COUNT(*) FROM demo.trips GROUP BY mode, mode
SELECT COUNT(*) FROM demo.trips GROUP BY 'mode'
SELECT COUNT(*) FROM demo.trips GROUP BY 1 + 1
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode ORDER BY 3
SELECT mode, COUNT(*) FROM demo.trips GROUP BY CASE WHEN zone = 1 THEN 1 END, mode
SELECT mode, COUNT(*) c FROM demo.trips GROUP BY mode ORDER BY c DESC, mode ASC NULLS LAST LIMIT 5 OFFSET 1
SELECT mode, RANK() OVER (ORDER BY COUNT(*) DESC) FROM demo.trips GROUP BY mode
SELECT mode, COUNT(*) * 100.0 / SUM(COUNT(*)) OVER () FROM demo.trips GROUP BY mode
SELECT quarter(day), monthname(day), dayname(day), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT last_day(day), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT time_bucket(INTERVAL '15 minutes', started), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT width_bucket(fare, 0, 10, 5), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT floor(fare / 10) * 10, COUNT(*) FROM demo.trips GROUP BY ALL
SELECT round(fare, 1), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT make_date(2024, 1, 1), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT split_part(line, ' ', 1), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT replace(line, 'a', 'b'), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT concat_ws('-', line, mode), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT initcap(mode), reverse(mode), repeat(mode, 2), lpad(mode, 5, ' '), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT md5(rider), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT h3_latlng_to_cell(lat, lon, 7), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT ST_Distance(ST_Point(lon, lat), ST_Point(0, 0)), COUNT(*) FROM demo.trips GROUP BY ALL
SELECT COUNT(*) FROM demo.trips WHERE lat BETWEEN 1 AND 2 AND lon BETWEEN 3 AND 4
SELECT COUNT(*) FROM demo.trips WHERE TRY(zone / 0) = 1
SELECT COUNT(*) FROM demo.trips WHERE isfinite(fare) AND isnan(fare)
SELECT COUNT(*) FROM demo.trips WHERE sign(fare) = 1 AND mod(zone, 2) = 0 AND power(fare, 2) > 1 AND pi() > 3
SELECT COUNT(*) FROM demo.trips WHERE typeof(zone) = 'BIGINT'
SELECT COUNT(*) FROM demo.trips WHERE getvariable('x') = 1
SELECT COUNT(*) FROM demo.trips WHERE zone = $1
SELECT COUNT(*) FROM demo.trips WHERE zone = ?
SELECT COUNT(*) FROM demo.trips WHERE zone = :z
SELECT COUNT(*) FROM demo.trips WHERE zone = @z
SELECT COUNT(*) FROM demo.trips WHERE zone = {{ z }}
SELECT COUNT(*) FROM demo.trips WHERE zone = %(z)s
SELECT COUNT(*) FROM demo.trips WHERE zone = %s
SELECT COUNT(*) FROM `demo.trips`
SELECT COUNT(*) FROM [demo.trips]
SELECT COUNT(*) AS count, SUM(fare) AS sum, MIN(fare) AS "min" FROM demo.trips
SELECT mode AS "group", COUNT(*) AS order_ FROM demo.trips GROUP BY "group"
SELECT COUNT(*) FROM demo.trips HAVING COUNT(*) > 0
SELECT COUNT(*) FROM demo.trips WINDOW w AS (ORDER BY mode)
SELECT mode, COUNT(*) FROM demo.trips GROUP BY mode EXCEPT SELECT 'bus', 1
SELECT COUNT(*) FROM demo.trips LIMIT 1 BY mode
SELECT COUNT(*) FROM demo.trips PREWHERE zone = 1
SELECT COUNT(*) FROM demo.trips SETTINGS max_threads = 1
SELECT SQL_NO_CACHE COUNT(*) FROM demo.trips
SELECT STRAIGHT_JOIN COUNT(*) FROM demo.trips
SELECT /*+ HINT */ COUNT(*) FROM demo.trips
SELECT COUNT(*) FROM demo.trips WITH (NOLOCK)
SELECT COUNT(*) FROM demo.trips OPTION (MAXDOP 1)
SELECT COUNT(*) FROM demo.trips WHERE day = {d '2024-01-01'}
SELECT COUNT(*) FROM demo.trips WHERE day = #2024-01-01#
SELECT COUNT(*) FROM demo.trips WHERE CONTAINS(mode, 'b')
SELECT COUNT(*) FROM demo.trips WHERE day = '2024-01-01'
SELECT COUNT(*) FROM demo.trips WHERE day = 20240101
SELECT COUNT(*) FROM demo.trips WHERE date(started) = DATE '2024-01-01'
SELECT COUNT(*) FROM demo.trips WHERE started::date BETWEEN '2024-01-01' AND '2024-02-01'
SELECT COUNT(*) FROM demo.trips WHERE to_timestamp(0) < started
SELECT COUNT(*) FROM demo.trips WHERE to_date('2024', 'YYYY') < day
SELECT COUNT(*) FROM demo.trips WHERE strptime('2024', '%Y') < started
SELECT COUNT(*) FROM demo.trips WHERE strftime(day, '%Y-%m') = '2024-01'
SELECT COUNT(*) FROM demo.trips WHERE to_char(day, 'YYYY') = '2024'

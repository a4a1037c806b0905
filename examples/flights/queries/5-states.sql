SELECT a.state, COUNT(*) AS flights, AVG(f.delay * 1.0) AS mean_delay
FROM flights AS f JOIN airports AS a ON f.origin = a.iata
WHERE f.distance > 500
GROUP BY a.state
ORDER BY flights DESC
LIMIT 5

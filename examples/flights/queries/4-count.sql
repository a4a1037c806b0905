SELECT COUNT(*) AS flights, SUM(distance) AS miles, SUM(delay) AS minutes_late, MAX(__time) AS last_departure
FROM flights

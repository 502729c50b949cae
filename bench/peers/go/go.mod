module spillway/bench/peers/go

go 1.22

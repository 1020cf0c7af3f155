"""`pytest -p tests.site.live.mutants.asked`: only the tests that ask the modules in Node."""


def pytest_collection_modifyitems(config, items):
    def asks(item):
        named = getattr(item, "fixturenames", ())
        return "node" in named and "server" not in named

    config.hook.pytest_deselected(items=[item for item in items if not asks(item)])
    items[:] = filter(asks, items)

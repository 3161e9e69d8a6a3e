"""Says at once what failed: the others take an hour."""


def pytest_runtest_logreport(report):
    if report.failed:
        print(f"\n{report.longreprtext}")
